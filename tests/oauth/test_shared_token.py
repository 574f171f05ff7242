"""One Management token for several processes, over a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from auth0_sso.clock import MonotonicTime, SystemClock, WallTime
from auth0_sso.errors import ManagementUnavailableError
from auth0_sso.management.authorized_request import AuthorizedRequest
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from support.clock import SkippingClock
from support.management_chain import CREDENTIALS, SECRET
from support.redis_server import RedisServer
from support.tenant_script import TOKEN, Reply, ScriptedTenant, json_reply, token_reply

THING = "GET /api/v2/thing"

Process = Callable[..., ManagementTokenSource]


class ProcessClock(SystemClock):
    """The clock of a process that started some seconds after another: its monotonic time is its own."""

    def __init__(self, clock: HandClock, *, started: float) -> None:
        self._clock = clock
        self._started = started

    def wall(self) -> WallTime:
        return self._clock.wall()

    def monotonic(self) -> MonotonicTime:
        return MonotonicTime(self._clock.monotonic() - self._started)


@pytest.fixture
async def process(
    redis: RedisServer, tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> AsyncIterator[Process]:
    """Start one more process's auth, with a clock that counts from its own start."""
    tenant.on(TOKEN, token_reply("token-1"), token_reply("token-2"), token_reply("token-3"))
    tenant.on(THING, json_reply({}))
    stores: list[RedisStore] = []

    def start(*secrets: str) -> ManagementTokenSource:
        store = RedisStore(redis.url, timeout=5, clock=clock)
        stores.append(store)
        own = ProcessClock(clock, started=1000 * len(stores))
        shared = SharedToken(SealedStore(store, Keyring("a test", *(secrets or (SECRET,)))), clock=own)
        return ManagementTokenSource(client, ISSUER, CREDENTIALS, shared=shared, clock=own)

    yield start
    for store in stores:
        await store.aclose()


async def ask(client: httpx.AsyncClient, auth: ManagementTokenSource) -> int:
    request = client.build_request("GET", f"{ISSUER}api/v2/thing")
    return (await AuthorizedRequest(client, request, auth).send()).status


def tokens_used(tenant: ScriptedTenant) -> list[str]:
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in tenant.seen(THING)]


async def test_sixteen_processes_that_start_at_once_fetch_one_token(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    processes = [process() for _ in range(16)]
    assert await asyncio.gather(*(ask(client, auth) for auth in processes)) == [200] * 16
    assert tenant.count(TOKEN) == 1
    assert set(tokens_used(tenant)) == {"token-1"}


async def test_a_process_that_starts_later_uses_and_renews_the_shared_token(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process, clock: HandClock
) -> None:
    await ask(client, process())
    clock.now += 86_400 - 301
    late = process()
    await ask(client, late)
    assert tenant.count(TOKEN) == 1
    clock.now += 1
    await ask(client, late)  # renews behind its back
    await tenant.arrival(TOKEN, 2)
    async with asyncio.timeout(5):
        while tokens_used(tenant)[-1] != "token-2":
            await ask(client, late)
            await asyncio.sleep(0)
    await ask(client, process())
    assert tokens_used(tenant)[-1] == "token-2"
    assert tenant.count(TOKEN) == 2


async def test_a_rejected_token_is_replaced_once_for_all_processes(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process, clock: HandClock
) -> None:
    one, two = process(), process()
    await ask(client, one)
    await ask(client, two)
    tenant.on(THING, Reply(401), Reply(401), json_reply({}))
    assert [await ask(client, auth) for auth in (one, two)] == [401, 401]
    assert [await ask(client, auth) for auth in (one, two)] == [200, 200]
    assert tokens_used(tenant)[-2:] == ["token-2", "token-2"]
    assert tenant.count(TOKEN) == 2


async def test_a_token_that_expired_on_arrival_is_not_shared(
    redis: RedisServer, tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    tenant.on(TOKEN, token_reply("token-1", expires_in=0))
    await ask(client, process())
    assert redis.cli("--raw", "keys", "*").strip() == ""


async def test_a_failed_fetch_releases_the_lock(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    tenant.on(TOKEN, Reply(503), token_reply("token-1"))
    with pytest.raises(ManagementUnavailableError):
        await ask(client, process())
    assert await ask(client, process()) == 200


async def test_without_the_store_each_process_fetches_its_own_token(
    redis: RedisServer, tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    redis.stop()
    assert [await ask(client, process()) for _ in range(2)] == [200, 200]
    assert tenant.count(TOKEN) == 2


async def test_a_store_lost_during_a_fetch_loses_no_token(
    redis: RedisServer, tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    gate = asyncio.Event()
    tenant.on(TOKEN, token_reply("token-1", gate=gate), token_reply("token-2"))
    first = asyncio.create_task(ask(client, process()))
    await tenant.arrival(TOKEN)
    waiting = asyncio.create_task(ask(client, process()))
    await asyncio.sleep(0.1)
    assert tenant.count(TOKEN) == 1  # it waits for the first
    redis.stop()
    assert await waiting == 200
    gate.set()
    assert await first == 200


async def test_the_wait_for_a_dead_processs_lock_is_limited(
    redis: RedisServer, clock: HandClock, skipping: SkippingClock
) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    sealed = SealedStore(store, Keyring("a test", SECRET))
    shared = SharedToken(sealed, clock=skipping)
    await store.execute("SET", sealed.name("management-token-lock"), "1")
    token = IssuedToken.issued("token-9", 100, None, clock.monotonic())

    async def fetch() -> IssuedToken:
        return token

    assert await shared.get(fetch) is token
    assert sum(skipping.pauses) <= 5
    await store.aclose()


async def test_the_token_is_encrypted_in_the_store(
    redis: RedisServer, client: httpx.AsyncClient, process: Process
) -> None:
    await ask(client, process())
    keys = redis.cli("--raw", "keys", "*").split()
    assert len(keys) == 1
    dump = redis.cli("--raw", "get", keys[0])
    assert len(dump) > 100
    assert "token-1" not in dump
    assert 0 < int(redis.cli("--raw", "ttl", keys[0])) <= 86_400


@pytest.mark.parametrize("forged", ["", "x", "gAAAAABn"])
async def test_a_forged_value_in_the_store_is_ignored(
    redis: RedisServer, tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process, forged: str
) -> None:
    await ask(client, process())
    (key,) = redis.cli("--raw", "keys", "*").split()
    redis.cli("set", key, forged)
    assert await ask(client, process()) == 200
    assert tokens_used(tenant) == ["token-1", "token-2"]


async def test_processes_with_two_secrets_in_either_order_share_a_token(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process
) -> None:
    for auth in (process("old"), process("old", "new"), process("new", "old")):
        assert await ask(client, auth) == 200
    assert tenant.count(TOKEN) == 1


async def test_a_process_with_another_secret_fetches_a_token_once(
    tenant: ScriptedTenant, client: httpx.AsyncClient, process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = process("old"), process("new")
    for _ in range(10):
        assert await ask(client, old) == await ask(client, new) == 200
    assert tenant.count(TOKEN) == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # one process could not read the other's
