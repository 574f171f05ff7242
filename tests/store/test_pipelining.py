import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from auth0_sso.store.pipelining import PipeliningClient
from support.redis_server import RedisServer


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis.url)
    await client.ping()  # opening a connection is not what these tests are about
    yield client
    await client.aclose()


async def test_a_thousand_commands_at_once_share_one_connection_and_get_their_own_answers(
    redis: RedisServer, client: Redis
) -> None:
    multiplexer = PipeliningClient(client, timeout=1)
    await asyncio.gather(*(multiplexer.execute_command("SET", f"key-{n}", n) for n in range(1000)))
    answers = await asyncio.gather(*(multiplexer.execute_command("GET", f"key-{n}") for n in range(1000)))
    assert answers == [str(n).encode() for n in range(1000)]
    assert "connected_clients:2\n" in redis.cli("info", "clients")  # ours, and redis-cli


async def test_an_error_is_that_of_who_asked_alone(client: Redis) -> None:
    multiplexer = PipeliningClient(client, timeout=1)
    await multiplexer.execute_command("LPUSH", "list", "x")
    asked = [multiplexer.execute_command(*words) for words in (("GET", "list"), ("LLEN", "list"), ("NO-SUCH",))]
    wrong_type, length, unknown = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(wrong_type, ResponseError)
    assert length == 1
    assert isinstance(unknown, ResponseError)


async def test_one_who_leaves_disturbs_nobody(client: Redis) -> None:
    multiplexer = PipeliningClient(client, timeout=1)
    leaving = asyncio.create_task(multiplexer.execute_command("ECHO", "leaving"))
    staying = asyncio.create_task(multiplexer.execute_command("ECHO", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"staying"
    assert leaving.cancelled() or leaving.cancelling()


async def test_silence_ends_the_wait_of_all_and_the_next_answer_serves_again(
    redis: RedisServer, client: Redis
) -> None:
    multiplexer = PipeliningClient(client, timeout=0.05)
    redis.freeze()
    first = [asyncio.create_task(multiplexer.execute_command("ECHO", n)) for n in range(50)]
    await asyncio.sleep(0)
    later = [asyncio.create_task(multiplexer.execute_command("ECHO", n)) for n in range(50)]
    started = asyncio.get_running_loop().time()
    outcomes = await asyncio.gather(*first, *later, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {TimeoutError}
    assert asyncio.get_running_loop().time() - started < 1  # far from the two seconds a connection may take
    redis.thaw()
    while True:
        try:
            assert await multiplexer.execute_command("ECHO", "again") == b"again"
            break
        except TimeoutError:
            continue


async def test_a_process_too_busy_to_read_does_not_take_its_own_delay_for_the_servers(client: Redis) -> None:
    multiplexer = PipeliningClient(client, timeout=0.02)
    loop = asyncio.get_running_loop()
    busy = True

    def be_busy() -> None:
        """Hold the loop for longer than the timeout at each of its turns, as a crowd of requests does."""
        end = loop.time() + 0.03
        while loop.time() < end:
            pass
        if busy:
            loop.call_soon(be_busy)

    loop.call_soon(be_busy)
    assert [await multiplexer.execute_command("ECHO", n) for n in range(3)] == [b"0", b"1", b"2"]
    busy = False


async def test_a_server_that_is_gone_is_told_to_each(redis: RedisServer, client: Redis) -> None:
    multiplexer = PipeliningClient(client, timeout=1)
    redis.stop()
    outcomes = await asyncio.gather(*(multiplexer.execute_command("PING") for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, RedisError | OSError) for outcome in outcomes)
    redis.start()
    assert await multiplexer.execute_command("PING")


async def test_closing_ends_the_wait_of_who_still_waits(redis: RedisServer, client: Redis) -> None:
    multiplexer = PipeliningClient(client, timeout=30)
    redis.freeze()
    waiting = asyncio.create_task(multiplexer.execute_command("PING"))
    await asyncio.sleep(0)
    await multiplexer.aclose()
    with pytest.raises(TimeoutError):
        await waiting
    redis.thaw()
