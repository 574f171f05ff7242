import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.store.store import SharedStore, StoreHealth
from support.clock import HandClock
from support.process import free_port
from support.redis_server import RedisServer, redis_server
from support.tcp_proxy import tcp_proxy


def outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "auth0_sso.store.store"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_an_outage_is_logged_once_told_and_recovered_from(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = SharedStore(redis.url, timeout=5, clock=clock)
    assert await store.execute("GET", "a") is None
    redis.stop()
    for _ in range(20):
        with pytest.raises(StoreUnavailableError):
            await store.execute("GET", "a")
    assert store.health.state == "down"
    assert store.health.last_error == "connection"
    redis.start()
    with pytest.raises(StoreUnavailableError):  # left alone for now
        await store.execute("GET", "a")
    await clock.advance(1)
    assert await store.execute("GET", "a") is None
    assert store.health == StoreHealth("up", None)
    assert outages(caplog) == ["the shared store is down: connection", "the shared store takes writes again"]
    await store.aclose()


async def test_a_hiccup_that_fails_a_whole_crowd_is_no_outage(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SharedStore(redis.url, timeout=0.2, clock=clock)
    await store.open()
    redis.freeze()
    outcomes = await asyncio.gather(*(store.execute("GET", "a") for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    redis.thaw()
    assert store.health.state == "up"
    assert await store.execute("GET", "a") is None
    assert outages(caplog) == []
    await store.aclose()


async def test_a_store_that_hangs_is_waited_for_no_longer_than_said_and_then_left_alone(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SharedStore(redis.url, timeout=0.2, clock=clock)
    await store.open()
    redis.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(3):
        crowd = [store.execute("GET", "a") for _ in range(200)]
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    for _ in range(200):  # not even asked
        with pytest.raises(StoreUnavailableError, match="counted") as caught:
            await store.execute("GET", "a")
        assert caught.value.reason == "store_timeout"
    assert loop.time() - started < 1.5  # far from the two seconds a connection may take
    assert outages(caplog) == ["the shared store is down: timeout"]
    redis.thaw()
    await store.aclose()


async def test_no_store_is_no_failed_start_and_its_password_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = SharedStore(f"redis://user:the-secret-word@127.0.0.1:{free_port()}/0")
    for _ in range(5):
        with pytest.raises(StoreUnavailableError) as caught:
            await store.execute("GET", "a")
        assert "the-secret-word" not in repr(caught.value) + str(caught.value.__cause__)
    assert "the-secret-word" not in caplog.text
    await store.aclose()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_one_that_is_away_from_the_start_is_told_as_down(scheme: str) -> None:
    store = SharedStore(f"{scheme}://127.0.0.1:{free_port()}")
    await store.open()
    assert store.health.state == "down"
    with pytest.raises(StoreUnavailableError):
        await store.execute("GET", "a")
    await store.aclose()


async def test_another_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        SharedStore("memcached://:the-secret-word@127.0.0.1:11211")
    assert "the-secret-word" not in str(caught.value)


REFUSALS = {
    "full": ("config set maxmemory 1", "config set maxmemory 0", "out_of_memory"),
    "demoted": ("replicaof 127.0.0.1 1", "replicaof no one", "read_only"),
    "isolated": ("config set min-replicas-to-write 1", "config set min-replicas-to-write 0", "noreplicas"),
}


@pytest.mark.parametrize(("refuse", "accept", "reason"), REFUSALS.values(), ids=REFUSALS)
async def test_a_store_that_answers_reads_is_down_until_it_takes_writes(
    redis: RedisServer,
    store: SharedStore,
    caplog: pytest.LogCaptureFixture,
    clock: HandClock,
    refuse: str,
    accept: str,
    reason: str,
) -> None:
    caplog.set_level(logging.INFO)
    store = SharedStore(redis.url, timeout=5, clock=clock)
    await store.execute("SET", "a", "1")
    redis.cli(*refuse.split())
    states = set()
    for _ in range(30):
        for words in (("SET", "a", "2"), ("GET", "a"), ("DEL", "b"), ("GET", "a")):
            with suppress(StoreUnavailableError):
                await store.execute(*words)
        with suppress(StoreUnavailableError):  # its connection may just be dropped
            await store.execute_blocking("XREAD", "STREAMS", "news", "0")
        states.add(store.health)
        await clock.advance(0.5)
    assert states == {StoreHealth("up", None), StoreHealth("down", reason)}
    redis.cli(*accept.split())
    await clock.advance(1)
    assert await store.execute("GET", "a") == b"1"
    assert store.health == StoreHealth("up", None)
    assert outages(caplog) == [f"the shared store is down: {reason}", "the shared store takes writes again"]
    assert redis.cli("--raw", "keys", "*").split() == ["a"]  # finding out leaves nothing behind
    await store.aclose()


async def test_one_that_takes_no_writes_from_the_start_is_down(redis: RedisServer, store: SharedStore) -> None:
    redis.cli("config", "set", "maxmemory", "1")
    await store.open()
    assert store.health == StoreHealth("down", "out_of_memory")
    redis.cli("config", "set", "maxmemory", "0")
    assert await store.execute("GET", "a") is None
    assert store.health.state == "up"


async def test_while_it_is_down_each_second_one_call_finds_out_whether_it_still_is(
    redis: RedisServer, clock: HandClock
) -> None:
    store = SharedStore(redis.url, timeout=5, clock=clock)
    redis.cli("config", "set", "maxmemory", "1")
    while store.health.state == "up":
        with suppress(StoreUnavailableError):
            await store.execute("SET", "a", "1")
    redis.cli("config", "resetstat")
    for _ in range(3):
        await clock.advance(1)
        await asyncio.gather(*(store.execute("GET", "a") for _ in range(50)), return_exceptions=True)
    told = redis.cli("info", "commandstats")
    assert "cmdstat_setrange:calls=0" in told  # a full server counts what it refuses apart
    assert "rejected_calls=3," in told
    assert "cmdstat_get:" not in told
    await store.aclose()


async def test_after_a_failover_the_second_request_goes_to_the_new_master(redis: RedisServer) -> None:
    with redis_server() as new:
        async with tcp_proxy(redis.port) as address:
            store = SharedStore(address.url, timeout=5)
            listening = asyncio.create_task(store.execute_blocking("XREAD", "BLOCK", 1500, "STREAMS", "news", "0"))
            await until(lambda: "cmd=xread" in redis.cli("client", "list"))
            await store.execute("SET", "a", "1")
            address.target = new.port
            redis.cli("replicaof", "127.0.0.1", str(new.port))
            with pytest.raises(StoreUnavailableError) as caught:
                await store.execute("SET", "a", "2")
            assert caught.value.reason == "store_read_only"
            await store.execute("SET", "a", "3")
            assert new.cli("--raw", "get", "a") == "3\n"
            with pytest.raises(StoreUnavailableError):  # what waits for news does not wait at the old master
                await listening
            await until(lambda: "lib-name=redis-py" not in redis.cli("client", "list"))
            assert store.health == StoreHealth("up", None)
            await store.aclose()


async def test_a_connection_that_went_stale_while_idle_fails_no_request(
    redis: RedisServer, store: SharedStore
) -> None:
    for number in range(3):
        await store.execute("SET", "a", number)
        redis.cli("client", "kill", "type", "normal")
        await asyncio.sleep(0.01)  # the loop reads that it was closed
        assert await store.execute("GET", "a") == str(number).encode()


async def test_a_user_without_dangerous_commands_is_enough(redis: RedisServer) -> None:
    rules = ("on", ">word", "~auth0-sso:*", "+@all", "-@admin", "-@dangerous")
    redis.cli("acl", "setuser", "service", *rules)
    store = SharedStore(redis.url.replace("//", "//service:word@"), timeout=5)
    await store.open()
    assert store.health == StoreHealth("up", None)
    await store.execute("SET", "auth0-sso:a", "1")
    await store.require_writes("auth0-sso:{a}:b")
    await store.aclose()
