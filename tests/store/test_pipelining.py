import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from auth0_sso.store.commands import CommandError, Script
from auth0_sso.store.pipelining import PipeliningClient
from auth0_sso.store.store import RedisStore
from support.redis_server import RedisServer


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis.url)
    await client.ping()  # opening a connection is not what these tests are about
    yield client
    await client.aclose()


async def test_a_thousand_commands_at_once_share_one_connection(redis: RedisServer, client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=1)
    await asyncio.gather(*(pipelining.execute("SET", f"key-{n}", n) for n in range(1000)))
    replies = await asyncio.gather(*(pipelining.execute("GET", f"key-{n}") for n in range(1000)))
    assert replies == [str(n).encode() for n in range(1000)]
    assert "connected_clients:2\n" in redis.cli("info", "clients")  # ours, and redis-cli


async def test_an_error_reaches_its_own_caller_alone(client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=1)
    await pipelining.execute("LPUSH", "list", "x")
    commands = [("GET", "list"), ("LLEN", "list"), ("NO-SUCH",)]
    wrong_type, length, unknown = await asyncio.gather(
        *(pipelining.execute(*command) for command in commands), return_exceptions=True
    )
    assert isinstance(wrong_type, CommandError)
    assert wrong_type.reason == "wrongtype"
    assert length == 1
    assert isinstance(unknown, CommandError)
    assert unknown.reason == "response"


async def test_a_script_runs_again_by_its_digest(redis: RedisServer, client: Redis) -> None:
    pipelining, script = PipeliningClient(client, timeout=1), Script("return ARGV[1]")
    assert [await pipelining.execute_script(script, 0, n) for n in range(3)] == [b"0", b"1", b"2"]
    assert "cmdstat_eval:calls=1," in redis.cli("info", "commandstats")


async def test_a_cancelled_caller_does_not_affect_the_others(client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=1)
    leaving = asyncio.create_task(pipelining.execute("ECHO", "leaving"))
    staying = asyncio.create_task(pipelining.execute("ECHO", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"staying"
    assert leaving.cancelled() or leaving.cancelling()


async def test_a_silent_server_is_a_timeout_for_all_who_wait(redis: RedisServer, client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=0.05)
    redis.freeze()
    first = [asyncio.create_task(pipelining.execute("ECHO", n)) for n in range(50)]
    await asyncio.sleep(0)
    later = [asyncio.create_task(pipelining.execute("ECHO", n)) for n in range(50)]
    started = asyncio.get_running_loop().time()
    outcomes = await asyncio.gather(*first, *later, return_exceptions=True)
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, CommandError)} == {"timeout"}
    assert {type(outcome) for outcome in outcomes} == {CommandError}
    assert len({outcome.cause for outcome in outcomes if isinstance(outcome, CommandError)}) == 1
    assert asyncio.get_running_loop().time() - started < 1  # far from the two seconds a connection may take
    redis.thaw()
    while True:
        try:
            assert await pipelining.execute("ECHO", "again") == b"again"
            break
        except CommandError:
            continue


async def test_a_process_too_busy_to_read_is_no_timeout(client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=0.02)
    loop = asyncio.get_running_loop()
    busy = True

    def be_busy() -> None:
        """Hold the loop for longer than the timeout at each of its turns, as many requests do."""
        spin(0.03)
        if busy:
            loop.call_soon(be_busy)

    loop.call_soon(be_busy)
    assert [await pipelining.execute("ECHO", n) for n in range(3)] == [b"0", b"1", b"2"]
    busy = False


async def test_callers_that_compute_delay_no_reply_into_a_timeout(client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=0.2)
    slow = Script("local n = 0 for i = 1, 2000000 do n = n + i end return n")  # some twenty milliseconds
    await pipelining.execute_script(slow, 0)

    async def ask_and_compute() -> None:
        await pipelining.execute("ECHO", "x")
        spin(0.001)

    # A full batch, whose callers compute when the next one, of the slow script, is about to be written.
    await asyncio.gather(*(ask_and_compute() for _ in range(256)), pipelining.execute_script(slow, 0))


def spin(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        pass


async def test_each_caller_gets_an_error_when_the_server_is_gone(redis: RedisServer, client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=1)
    redis.stop()
    outcomes = await asyncio.gather(*(pipelining.execute("PING") for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {CommandError}
    redis.start()
    assert await pipelining.execute("PING")


async def test_closing_fails_the_commands_that_wait(redis: RedisServer, client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=30)
    redis.freeze()
    waiting = asyncio.create_task(pipelining.execute("PING"))
    await asyncio.sleep(0)
    await pipelining.aclose()
    with pytest.raises(CommandError) as caught:
        await waiting
    assert caught.value.reason == "timeout"
    redis.thaw()


async def test_commands_beyond_four_thousand_that_wait_are_refused_at_once(redis: RedisServer, client: Redis) -> None:
    pipelining = PipeliningClient(client, timeout=0.5)
    redis.freeze()
    first = asyncio.create_task(pipelining.execute("ECHO", "first"))
    await asyncio.sleep(0)  # it is sent, and the others wait
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(pipelining.execute("ECHO", n)) for n in range(5000)]
    await asyncio.sleep(0)
    refused = [task.exception() for task in waiting if task.done()]
    assert [error.reason for error in refused if isinstance(error, CommandError)] == ["queue_full"] * (5000 - 4096)
    assert len({error.cause for error in refused if isinstance(error, CommandError)}) == 1
    redis.thaw()
    assert await first == b"first"
    assert await asyncio.gather(*waiting[:4096]) == [str(n).encode() for n in range(4096)]


async def test_a_full_queue_alone_is_no_outage(redis: RedisServer) -> None:
    store = RedisStore(redis.url, timeout=1)
    await store.open()
    redis.freeze()
    waiting = [asyncio.create_task(store.execute("GET", "auth0-sso:x")) for _ in range(5000)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert sum(task.done() for task in waiting) > 500
    assert store.health.state == "up"
    redis.thaw()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert store.health.state == "up"
    await store.aclose()
