"""Two replicas and what they tell each other of roles, over a real Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx
import pytest

from auth0_sso.errors import InsufficientScopeError
from auth0_sso.roles.cache import RoleCachePolicy
from auth0_sso.roles.directory import RoleDirectory
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.roles.user_roles import UserRoles
from auth0_sso.store.commands import CommandError
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy, validate
from support.clock import SkippingClock
from support.management_chain import SECRET, management_chain
from support.redis_server import RedisServer, redis_server
from support.tcp_proxy import tcp_proxy
from support.tenant_script import TOKEN, ScriptedTenant, json_reply, roles_reply, token_reply

KEY = (SUBJECT, None)
USER = f"GET /api/v2/users/{quote(SUBJECT, safe='')}"
ROLES = f"{USER}/roles"


@dataclass(frozen=True, slots=True)
class Replica:
    directory: RoleDirectory
    store: RedisStore
    clock: HandClock
    shared: SharedRoles

    async def roles(self) -> frozenset[str]:
        return await self.directory.roles_of(self.token())

    async def roles_in(self, organization: str) -> frozenset[str]:
        return await self.directory.organization_roles_of(self.token(organization))

    def token(self, organization: str | None = None) -> AccessToken:
        now = self.clock.now
        claims = user_claims(now, **({} if organization is None else {"org_id": organization}))
        return validate(claims, TokenPolicy(ISSUER, frozenset({AUDIENCE})), now)

    async def until_roles_are(self, names: set[str]) -> None:
        """Ask again and again until the answer is that; news takes milliseconds, and a second is too long."""
        async with asyncio.timeout(1):
            while await self.roles() != names:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def replica(
    url: str,
    client: httpx.AsyncClient,
    clock: HandClock,
    *,
    secrets: tuple[str, ...] = (SECRET,),
    memory: RoleCachePolicy | None = None,
) -> AsyncIterator[Replica]:
    memory = RoleCachePolicy() if memory is None else memory
    store = RedisStore(url, timeout=5, clock=clock)
    shared = SharedRoles(SealedStore(store, Keyring("a test", *secrets)), ttl=memory.ttl)
    async with management_chain(client, clock, pauses=SkippingClock(clock)) as chain:
        directory = RoleDirectory(chain.client, memory, shared=shared, clock=clock)
        news = asyncio.create_task(shared.subscribe(directory.invalidate_locally, directory.invalidate_all_locally))
        try:
            yield Replica(directory, store, clock, shared)
        finally:
            news.cancel()
            await asyncio.gather(news, return_exceptions=True)
            await directory.aclose()
            await store.aclose()


@pytest.fixture
def asked(tenant: ScriptedTenant) -> ScriptedTenant:
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(USER, json_reply({"user_id": SUBJECT}))
    tenant.on(ROLES, roles_reply("admin"))
    return tenant


@pytest.fixture
async def pair(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> AsyncIterator[tuple[Replica, Replica]]:
    async with replica(redis.url, client, clock) as one, replica(redis.url, client, clock) as two:
        await listening(redis, 2)
        yield one, two


async def listening(redis: RedisServer, number: int) -> None:
    """Wait until so many processes wait for news."""
    async with asyncio.timeout(10):
        while redis.cli("client", "list").count("cmd=xread") < number:
            await asyncio.sleep(0.01)


async def test_roles_looked_up_by_one_replica_are_used_by_the_other(
    pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    assert await one.roles() == await two.roles() == {"admin"}
    assert asked.count(ROLES) == 1


async def found_out(replica: Replica, *, seconds_ago: float) -> None:
    """Store user roles as if they had been looked up some time ago."""
    _, reading = await replica.shared.read(KEY)
    assert reading is not None
    before = replace(reading, at=reading.at - seconds_ago)
    await replica.shared.write(KEY, UserRoles(frozenset({"admin"})), before, ttl=60)


async def test_the_ttl_counts_from_the_look_up(
    pair: tuple[Replica, Replica], asked: ScriptedTenant, clock: HandClock, redis: RedisServer
) -> None:
    one, two = pair
    await found_out(one, seconds_ago=50)
    assert await two.roles() == {"admin"}
    redis.cli("flushall")
    asked.on(ROLES, roles_reply("user"))
    clock.now += 9
    assert await two.roles() == {"admin"}
    clock.now += 1
    assert await two.roles() == {"user"}
    assert asked.count(ROLES) == 1


async def test_the_age_goes_by_the_redis_servers_clock(pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    await found_out(one, seconds_ago=59)
    user_roles, _ = await two.shared.read(KEY)
    assert user_roles is not None
    assert 59 <= user_roles.age < 60
    for seconds in (60, 61, -5):  # the last as after a failover to a server whose clock is behind
        await found_out(one, seconds_ago=seconds)
        assert (await two.shared.read(KEY))[0] is None


async def test_replicas_with_different_clocks_expire_roles_at_the_same_time(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient
) -> None:
    memory = RoleCachePolicy(ttl=0.3)
    clocks = [HandClock(1_800_000_000 + skew, short_pause=-1) for skew in (0, -300, 300)]
    async with AsyncExitStack() as stack:
        first, *others = [
            await stack.enter_async_context(replica(redis.url, client, each, memory=memory)) for each in clocks
        ]
        assert await first.roles() == {"admin"}
        asked.on(ROLES, roles_reply("user"))
        for each in others:
            assert (await each.shared.read(KEY))[0] is not None
        async with asyncio.timeout(5):
            while (await first.shared.read(KEY))[0] is not None:
                await asyncio.sleep(0.01)
        for each in others:
            assert await each.roles() == {"user"}
        assert asked.count(ROLES) == 2


async def test_a_change_reaches_the_other_replica_within_a_second(
    pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    assert await one.roles() == await two.roles() == {"admin"}
    asked.on(ROLES, roles_reply("user"))
    await one.directory.invalidate(SUBJECT)
    await two.until_roles_are({"user"})
    assert await one.roles() == {"user"}
    assert asked.count(ROLES) == 2


async def test_a_look_up_that_predates_another_replicas_change_is_not_cached(
    pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    gate = asyncio.Event()
    asked.on(ROLES, roles_reply("admin", gate=gate), roles_reply("user"))
    slow = asyncio.create_task(two.roles())
    await asked.arrival(ROLES)
    await one.directory.invalidate(SUBJECT)
    gate.set()
    assert await slow == {"admin"}
    await two.until_roles_are({"user"})
    assert await one.roles() == {"user"}


async def test_a_refused_user_is_looked_up_after_the_negative_ttl(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    memory = RoleCachePolicy(negative_ttl=0.3)
    asked.on(USER, json_reply({"user_id": SUBJECT, "blocked": True}))
    async with (
        replica(redis.url, client, clock, memory=memory) as one,
        replica(redis.url, client, clock, memory=memory) as two,
    ):
        for each in (one, two):
            with pytest.raises(InsufficientScopeError) as caught:
                await each.roles()
            assert caught.value.reason == "user_blocked"
        assert asked.count(USER) == 1
        asked.on(USER, json_reply({"user_id": SUBJECT}))
        clock.now += 0.3
        async with asyncio.timeout(5):  # far from the 60 seconds that roles are remembered
            while (shared := (await two.shared.read(KEY))[0]) is not None and shared.age < 0.3:
                await asyncio.sleep(0.01)
        assert await two.roles() == await one.roles() == {"admin"}


async def test_organizations_are_separate_and_invalidated_together(
    pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    member = f"GET /api/v2/organizations/org_1/members/{quote(SUBJECT, safe='')}/roles"
    asked.on(member, roles_reply("billing"))
    assert await one.roles_in("org_1") == await two.roles_in("org_1") == {"billing"}
    assert await two.roles() == {"admin"}
    assert (asked.count(member), asked.count(ROLES)) == (1, 1)
    asked.on(member, roles_reply())
    await one.directory.invalidate(SUBJECT)
    assert await one.roles_in("org_1") == set()


async def test_without_the_secret_roles_cannot_be_read_or_forged(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    async with replica(redis.url, client, clock) as one:
        await one.roles()
        await one.directory.invalidate(SUBJECT)
        await one.roles()
        keys = redis.cli("--raw", "keys", "*").split()
        dump = redis.cli("--raw", "xrange", next(key for key in keys if "changes" in key), "-", "+")
        for key in keys:
            if "user-roles" in key:
                dump += redis.cli("--raw", "hgetall", key)
        assert len(dump) > 200
        for told in ("admin", SUBJECT, SUBJECT.partition("|")[2], "user_"):
            assert told not in dump + " ".join(keys)
    async with replica(redis.url, client, clock, secrets=("the-wrong-secret",)) as stranger:
        asked.on(ROLES, roles_reply("user"))
        assert await stranger.roles() == {"user"}
        await stranger.directory.invalidate(SUBJECT)


async def test_values_that_are_forged_or_moved_are_ignored(
    redis: RedisServer, pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    await one.roles()
    (key,) = [key for key in redis.cli("--raw", "keys", "*").split() if "user-roles" in key]
    value = redis.cli("--raw", "hget", key, "in ").strip()
    asked.on(ROLES, roles_reply("user"))
    for forged in ("", "x", '{"roles":["admin"]}', value[:-4] + "AAAA"):
        redis.cli("hset", key, "in ", forged)
        two.directory.invalidate_all_locally()
        assert await two.roles() == {"user"}
    # The sealed roles of this user in no organization, moved to one.
    member = f"GET /api/v2/organizations/org_1/members/{quote(SUBJECT, safe='')}/roles"
    asked.on(member, roles_reply())
    redis.cli("hset", key, "member of org_1", value)
    assert await two.roles_in("org_1") == set()


async def test_malformed_changes_in_the_stream_are_ignored(
    redis: RedisServer, pair: tuple[Replica, Replica], asked: ScriptedTenant, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    await two.roles()
    await one.directory.invalidate("auth0|another")
    (news,) = [key for key in redis.cli("--raw", "keys", "*").split() if "changes" in key]
    redis.cli("xadd", news, "*", "subject", "garbage")
    redis.cli("xadd", news, "*", "other", "garbage")
    asked.on(ROLES, roles_reply("user"))
    await one.directory.invalidate(SUBJECT)
    await two.until_roles_are({"user"})
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_the_subscription_survives_an_error_of_its_callback(
    redis: RedisServer, clock: HandClock, skipping: SkippingClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    standings = SharedRoles(SealedStore(store, Keyring("a test", SECRET)), ttl=60)
    told: list[str] = []
    listening = asyncio.Event()

    def invalidate(subject: str) -> None:
        told.append(subject)
        if len(told) == 1:
            raise RuntimeError("an unexpected error")

    news = asyncio.create_task(standings.subscribe(invalidate, listening.set, clock=skipping))
    for subject in ("one", "two"):
        await listening.wait()
        listening.clear()
        await standings.publish(subject)
        async with asyncio.timeout(5):
            while subject not in told:
                await asyncio.sleep(0.005)
    assert "an unexpected error" in caplog.text
    news.cancel()
    await asyncio.gather(news, return_exceptions=True)
    await store.aclose()


async def test_without_the_store_a_change_is_effective_in_its_process(
    redis: RedisServer, pair: tuple[Replica, Replica], asked: ScriptedTenant, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    redis.stop()
    assert await one.roles() == await two.roles() == {"admin"}
    assert asked.count(ROLES) == 2
    asked.on(ROLES, roles_reply("user"))
    await one.directory.invalidate(SUBJECT)
    assert await one.roles() == {"user"}
    assert "other replicas may use old roles of a changed user for up to 60 s" in caplog.messages


async def test_stored_roles_are_not_read_until_their_change_is_published(
    redis: RedisServer, clock: HandClock
) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    shared = SharedRoles(SealedStore(store, Keyring("a test", SECRET)), ttl=60)
    _, reading = await shared.read(KEY)
    assert reading is not None
    redis.stop()
    await shared.publish(SUBJECT)
    await shared.write(KEY, UserRoles(frozenset({"admin"})), reading, ttl=60)  # no error either
    redis.start()
    clock.now += 10  # the circuit breaker lets calls pass again
    assert (await shared.read(("auth0|another", None)))[1] is not None
    assert await shared.read(KEY) == (None, None)
    await shared.publish(SUBJECT)
    assert (await shared.read(KEY))[1] is not None
    await store.aclose()


async def test_after_an_outage_of_the_store_all_roles_are_invalidated(
    redis: RedisServer, pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    assert await two.roles() == {"admin"}
    redis.stop()
    asked.on(ROLES, roles_reply("user"))
    await one.directory.invalidate(SUBJECT)  # two cannot learn of it
    assert await two.roles() == {"admin"}
    redis.start()
    async with asyncio.timeout(10):
        while await two.roles() != {"user"}:
            two.clock.now += 0.01
            await asyncio.sleep(0.01)
    assert two.clock.now < 1_800_000_055  # sooner than it would have forgotten by itself


async def test_an_unpublished_change_is_published_when_the_store_recovers(
    redis: RedisServer, pair: tuple[Replica, Replica], asked: ScriptedTenant
) -> None:
    one, two = pair
    assert await one.roles() == await two.roles() == {"admin"}
    for _ in range(3):  # opens the circuit breaker, for a second of a clock that stands
        one.store._availability.record_failure("any-key", CommandError("timeout", TimeoutError()))  # noqa: SLF001 - a store that does reply
    asked.on(ROLES, roles_reply("user"))
    await one.directory.invalidate(SUBJECT)
    assert await one.roles() == {"user"}
    await two.until_roles_are({"user"})


async def test_a_change_by_a_replica_with_another_secret_is_effective(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    """As in the middle of a rotation without two secrets: it cannot say whose roles changed, so all are dropped."""
    async with (
        replica(redis.url, client, clock) as one,
        replica(redis.url, client, clock, secrets=("another-secret",)) as two,
    ):
        await listening(redis, 2)
        assert await one.roles() == await two.roles() == {"admin"}
        assert asked.count(ROLES) == 2  # what the other sealed cannot be read, and is looked up
        asked.on(ROLES, roles_reply("user"))
        await one.directory.invalidate(SUBJECT)
        await two.until_roles_are({"user"})


async def test_replicas_with_both_secrets_in_either_order_share_roles(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    async with (
        replica(redis.url, client, clock, secrets=("old", "new")) as one,
        replica(redis.url, client, clock, secrets=("new", "old")) as two,
    ):
        await listening(redis, 2)
        assert await one.roles() == await two.roles() == {"admin"}
        assert asked.count(ROLES) == 1
        asked.on(ROLES, roles_reply("user"))
        await two.directory.invalidate(SUBJECT)
        await one.until_roles_are({"user"})
        assert await two.roles() == {"user"}
        assert asked.count(ROLES) == 2


async def test_roles_stored_by_an_older_version_are_ignored(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    """It kept the tenant's roles and the member's in one, where nothing tells them apart."""
    member = f"GET /api/v2/organizations/org_1/members/{quote(SUBJECT, safe='')}/roles"
    asked.on(member, roles_reply("billing"))
    async with replica(redis.url, client, clock) as one:
        await one.roles()
        sealed = SealedStore(one.store, Keyring("a test", SECRET))
        place = sealed.name("user-roles", SUBJECT)
        generation = redis.cli("--raw", "hget", place, "generation").strip()
        old = {"roles": ["admin"], "refusal": None, "until": 2e9, "since": clock.now, "generation": generation}
        redis.cli("hset", place, "in org_1", sealed.seal(f"{place} in org_1", old).decode())
        assert await one.roles_in("org_1") == {"billing"}
        assert asked.count(member) == 1


async def test_after_a_failover_changes_reach_an_idle_process(
    redis: RedisServer, asked: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    with redis_server() as new:
        async with (
            tcp_proxy(redis.port) as address,
            replica(address.url, client, clock) as one,
            replica(address.url, client, clock) as two,
        ):
            await listening(redis, 2)
            assert await one.roles() == await two.roles() == {"admin"}
            address.target = new.port
            redis.cli("replicaof", "127.0.0.1", str(new.port))  # it lives on, and has no news
            await listening(new, 2)
            assert await two.roles() == {"admin"}
            asked.on(ROLES, roles_reply("user"))
            await one.directory.invalidate(SUBJECT)
            await two.until_roles_are({"user"})


async def test_without_a_master_roles_are_invalidated_once(
    redis: RedisServer, clock: HandClock, skipping: SkippingClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    standings = SharedRoles(SealedStore(store, Keyring("a test", SECRET)), ttl=60)
    forgotten: list[float] = []
    news = asyncio.create_task(
        standings.subscribe(lambda _: None, lambda: forgotten.append(clock.now), clock=skipping)
    )
    await listening(redis, 1)
    redis.cli("replicaof", "127.0.0.1", "1")
    async with asyncio.timeout(5):
        while len(skipping.pauses) < 20:
            await asyncio.sleep(0.01)
    assert len(forgotten) == 1
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [
        "auth0_sso.roles.shared",
        "auth0_sso.store.availability",
    ]
    redis.cli("replicaof", "no", "one")
    await listening(redis, 1)
    assert len(forgotten) == 2
    news.cancel()
    await asyncio.gather(news, return_exceptions=True)
    await store.aclose()
