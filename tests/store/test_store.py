import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.store.availability import StoreHealth
from auth0_sso.store.commands import Script
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from support.process import free_port
from support.redis_server import RedisServer, redis_server
from support.tcp_proxy import tcp_proxy


def outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "auth0_sso.store.availability"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_an_outage_and_its_end_are_logged_once(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = RedisStore(redis.url, timeout=5, clock=clock)
    assert await store.execute("GET", "a") is None
    redis.stop()
    for _ in range(20):
        with pytest.raises(StoreUnavailableError):
            await store.execute("GET", "a")
    assert store.health.state == "down"
    assert store.health.last_error == "connection"
    redis.start()
    with pytest.raises(StoreUnavailableError):  # the circuit breaker is open
        await store.execute("GET", "a")
    await clock.advance(1)
    assert await store.execute("GET", "a") is None
    assert store.health == StoreHealth("up", None)
    assert outages(caplog) == ["the shared store is down: connection", "the shared store takes writes again"]
    await store.aclose()


async def test_one_timeout_of_many_commands_is_no_outage(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis.url, timeout=0.2, clock=clock)
    await store.open()
    redis.freeze()
    outcomes = await asyncio.gather(*(store.execute("GET", "a") for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    redis.thaw()
    assert store.health.state == "up"
    assert await store.execute("GET", "a") is None
    assert outages(caplog) == []
    await store.aclose()


async def test_a_store_that_hangs_opens_the_circuit_breaker(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis.url, timeout=0.2, clock=clock)
    await store.open()
    redis.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(3):
        commands = [store.execute("GET", "a") for _ in range(200)]
        outcomes = await asyncio.gather(*commands, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    for _ in range(200):  # no command is sent
        with pytest.raises(StoreUnavailableError, match="counted") as caught:
            await store.execute("GET", "a")
        assert caught.value.reason == "store_timeout"
    assert loop.time() - started < 1.5  # far from the two seconds a connection may take
    assert outages(caplog) == ["the shared store is down: timeout"]
    redis.thaw()
    await store.aclose()


async def test_no_error_of_a_missing_store_shows_its_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = RedisStore(f"redis://user:the-secret-word@127.0.0.1:{free_port()}/0")
    for _ in range(5):
        with pytest.raises(StoreUnavailableError) as caught:
            await store.execute("GET", "a")
        assert "the-secret-word" not in repr(caught.value) + str(caught.value.__cause__)
    assert "the-secret-word" not in caplog.text
    await store.aclose()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_store_that_is_away_from_the_start_is_down(scheme: str) -> None:
    store = RedisStore(f"{scheme}://127.0.0.1:{free_port()}")
    await store.open()
    assert store.health.state == "down"
    with pytest.raises(StoreUnavailableError):
        await store.execute("GET", "a")
    await store.aclose()


async def test_another_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        RedisStore("memcached://:the-secret-word@127.0.0.1:11211")
    assert "the-secret-word" not in str(caught.value)


def test_redis_py_is_imported_with_the_first_store_alone() -> None:
    modules = "auth0_sso.ratelimit.redis, auth0_sso.ratelimit.memory, auth0_sso.settings, auth0_sso.store.sealed"
    program = f"import sys, {modules}; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", program], check=False).returncode == 0


async def test_opening_ends_after_four_seconds_however_many_hosts_are_silent(redis: RedisServer) -> None:
    hosts = ",".join([f"127.0.0.1:{redis.port}"] * 3)  # each of which may take two seconds
    store = RedisStore(f"redis+sentinel://{hosts}/main")
    redis.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()
    await store.open()
    assert loop.time() - started < 5.5
    assert store.health == StoreHealth("down", "timeout")
    redis.thaw()
    await store.aclose()


async def test_bypass_breaker_sends_a_command_to_a_store_that_is_down(redis: RedisServer, clock: HandClock) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    redis.cli("config", "set", "maxmemory", "1")
    await store.open()
    redis.cli("config", "set", "maxmemory", "0")
    assert await store.execute("SET", "b", "1", bypass_breaker=True)
    assert await store.run(Script("return 1"), ["b"], [], bypass_breaker=True) == 1
    assert store.health == StoreHealth("down", "out_of_memory")
    assert await store.execute("GET", "b") == b"1"
    assert store.health == StoreHealth("up", None)
    await store.aclose()


async def test_a_lost_connection_closes_those_in_use(redis: RedisServer) -> None:
    async with tcp_proxy(redis.port) as address:
        store = RedisStore(address.url, timeout=5)
        await store.execute("SET", "a", "1")
        blocking = asyncio.create_task(store.execute_blocking("BLPOP", "list", 60))
        await until(lambda: "cmd=blpop" in redis.cli("client", "list"))
        address.lose_answer()
        with pytest.raises(StoreUnavailableError):
            await store.execute("GET", "a")
        started = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailableError):
            await blocking
        assert asyncio.get_running_loop().time() - started < 1  # not when the connection's own timeout ends it
        await store.aclose()


async def test_a_cancelled_task_ends_with_its_blocking_command(redis: RedisServer, store: RedisStore) -> None:
    async def listen() -> None:
        with suppress(asyncio.CancelledError):  # as redis-py does when its timeout comes at the same moment
            await asyncio.sleep(30)
        await store.execute_blocking("GET", "a")

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening


REFUSALS = {
    "full": ("config set maxmemory 1", "config set maxmemory 0", "out_of_memory"),
    "demoted": ("replicaof 127.0.0.1 1", "replicaof no one", "read_only"),
    "isolated": ("config set min-replicas-to-write 1", "config set min-replicas-to-write 0", "noreplicas"),
}


@pytest.mark.parametrize(("refuse", "accept", "reason"), REFUSALS.values(), ids=REFUSALS)
async def test_a_store_that_takes_only_reads_is_down(
    redis: RedisServer,
    store: RedisStore,
    caplog: pytest.LogCaptureFixture,
    clock: HandClock,
    refuse: str,
    accept: str,
    reason: str,
) -> None:
    caplog.set_level(logging.INFO)
    store = RedisStore(redis.url, timeout=5, clock=clock)
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


async def test_a_store_that_takes_no_writes_from_the_start_is_down(redis: RedisServer, store: RedisStore) -> None:
    redis.cli("config", "set", "maxmemory", "1")
    await store.open()
    assert store.health == StoreHealth("down", "out_of_memory")
    redis.cli("config", "set", "maxmemory", "0")
    assert await store.execute("GET", "a") is None
    assert store.health.state == "up"


async def test_while_it_is_down_one_write_a_second_is_tried(redis: RedisServer, clock: HandClock) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    redis.cli("config", "set", "maxmemory", "1")
    while store.health.state == "up":
        with suppress(StoreUnavailableError):
            await store.execute("SET", "a", "1")
    redis.cli("config", "resetstat")
    for _ in range(3):
        await clock.advance(1)
        await asyncio.gather(*(store.execute("GET", "a") for _ in range(50)), return_exceptions=True)
    stats = redis.cli("info", "commandstats")
    assert "cmdstat_setrange:calls=0" in stats  # a full server counts what it refuses apart
    assert "rejected_calls=3," in stats
    assert "cmdstat_get:" not in stats
    await store.aclose()


async def test_after_a_failover_the_second_command_reaches_the_new_master(redis: RedisServer) -> None:
    with redis_server() as new:
        async with tcp_proxy(redis.port) as address:
            store = RedisStore(address.url, timeout=5)
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
            with pytest.raises(StoreUnavailableError):  # a blocking command does not wait at the old master
                await listening
            await until(lambda: "lib-name=redis-py" not in redis.cli("client", "list"))
            assert store.health == StoreHealth("up", None)
            await store.aclose()


async def test_a_connection_closed_while_idle_fails_no_command(redis: RedisServer, store: RedisStore) -> None:
    for number in range(3):
        await store.execute("SET", "a", number)
        redis.cli("client", "kill", "type", "normal")
        await asyncio.sleep(0.01)  # the loop reads that it was closed
        assert await store.execute("GET", "a") == str(number).encode()


async def test_a_user_without_dangerous_commands_is_enough(redis: RedisServer) -> None:
    rules = ("on", ">word", "~auth0-sso:*", "+@all", "-@admin", "-@dangerous")
    redis.cli("acl", "setuser", "service", *rules)
    store = RedisStore(redis.url.replace("//", "//service:word@"), timeout=5)
    await store.open()
    assert store.health == StoreHealth("up", None)
    await store.execute("SET", "auth0-sso:a", "1")
    await store.require_writes("auth0-sso:{a}:b")
    await store.aclose()


async def test_a_new_password_is_used_without_a_failed_command(redis: RedisServer) -> None:
    redis.cli("acl", "setuser", "service", "on", ">old", "~auth0-sso:*", "+@all", "-@admin", "-@dangerous")
    address = redis.url.replace("//", "//service:{}@")
    store = RedisStore(address.format("old"), timeout=5)
    await store.execute("SET", "auth0-sso:a", "1")
    waiting = asyncio.create_task(store.execute_blocking("XREAD", "BLOCK", 500, "STREAMS", "auth0-sso:s", "0"))
    await until(lambda: "cmd=xread" in redis.cli("client", "list"))
    redis.cli("acl", "setuser", "service", ">new")
    at_once = [asyncio.create_task(store.execute("GET", "auth0-sso:a")) for _ in range(50)]
    await store.move_to(address.format("new"))
    redis.cli("acl", "setuser", "service", "<old")
    assert await asyncio.gather(*at_once) == [b"1"] * 50
    assert await waiting == []  # it went on over its own connection
    redis.cli("client", "kill", "user", "service")
    await asyncio.sleep(0.01)  # the loop reads that they were closed
    await store.execute_blocking("XREAD", "STREAMS", "auth0-sso:s", "0")
    assert store.health == StoreHealth("up", None)
    await store.aclose()


async def test_an_address_that_fails_is_not_used(redis: RedisServer, store: RedisStore) -> None:
    for url in (f"redis://127.0.0.1:{free_port()}/0", redis.url.replace("//", "//service:the-secret-word@")):
        with pytest.raises(StoreUnavailableError) as raised:
            await store.move_to(url)
        assert "word" not in str(raised.value)
        assert await store.execute("SET", "a", "1") is not None
    assert store.health == StoreHealth("up", None)


async def test_the_connections_of_the_former_address_are_closed(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth0_sso.store.pipelining._CLOSE_AFTER", 0.1)
    store = RedisStore(redis.url, timeout=5)
    await store.execute("SET", "a", "1")
    await store.move_to(f"{redis.url[:-1]}1")
    assert await store.execute("GET", "a") is None
    await until(lambda: connections(redis) == 1)
    await store.move_to(redis.url)
    await store.aclose()
    await until(lambda: connections(redis) == 0)


def connections(redis: RedisServer) -> int:
    """Count them, without that of the question."""
    return sum("cmd=client|list" not in line for line in redis.cli("client", "list").splitlines())
