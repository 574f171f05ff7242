import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from auth0_sso.clock import SYSTEM_CLOCK
from auth0_sso.revocation.deny_list import DenyList, Revocation
from auth0_sso.revocation.shared import SharedRevocations
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.tokens.claims import AccessToken
from support.redis_server import RedisServer

ISSUER = "https://tenant.example.com/"
DAY = 86_400.0
SECRET = "the secret of all replicas"


class Replica:
    """One process: its connection, its list, and what follows the stream."""

    def __init__(self, url: str, secret: str = SECRET) -> None:
        self.store = RedisStore(url)
        self.deny_list = DenyList(DAY)
        sealed = SealedStore(self.store, Keyring("test", secret))
        self.shared = SharedRevocations(sealed, self.deny_list, lifetime=DAY)

    def subjects(self) -> set[str | None]:
        return {each.subject for each in self.deny_list}


@asynccontextmanager
async def replica(redis: RedisServer, secret: str = SECRET) -> AsyncIterator[Replica]:
    one = Replica(redis.url, secret)
    task = asyncio.create_task(one.shared.follow())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await one.store.aclose()


def revocation(number: int) -> Revocation:
    return Revocation(ISSUER, SYSTEM_CLOCK.wall(), subject=f"auth0|{number}")


def token_of(subject: str) -> AccessToken:
    return AccessToken(
        subject=subject,
        issuer=ISSUER,
        audiences=("https://api.example.com",),
        issued_at=0.0,
        expires_at=DAY,
        not_before=None,
        client_id="spa",
        scopes=frozenset(),
        permissions=frozenset(),
        organization=None,
        is_machine=False,
        claims={},
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_revocation_reaches_the_other_replica_within_a_second(redis: RedisServer) -> None:
    async with replica(redis) as one, replica(redis) as other:
        await one.shared.revoke(revocation(1))
        assert one.subjects() == {"auth0|1"}
        await until(lambda: other.subjects() == {"auth0|1"})


async def test_what_is_known_already_is_not_published_again(redis: RedisServer) -> None:
    async with replica(redis) as one:
        known = revocation(1)
        assert await one.shared.revoke(known)
        assert not await one.shared.revoke(known)
        assert await one.store.execute("XLEN", one.shared._stream) == 1  # noqa: SLF001 - what is stored


async def test_an_unexpected_error_does_not_end_the_reading(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("of what watches a token")

    async with replica(redis) as one, replica(redis) as other:
        one.deny_list.watch(token_of("auth0|1"), fail)
        await other.shared.revoke(revocation(1))
        await other.shared.revoke(revocation(2))
        await until(lambda: one.subjects() == {"auth0|1", "auth0|2"})
    assert "reading revocations failed with an unexpected error" in caplog.messages
    assert "of what watches a token" in caplog.text


async def test_a_replica_that_starts_later_reads_what_is_alive(redis: RedisServer) -> None:
    async with replica(redis) as one:
        for number in range(50):
            await one.shared.revoke(revocation(number))
        async with replica(redis) as late:
            await until(lambda: len(late.deny_list) == 50)


async def test_what_is_revoked_during_an_outage_is_published_after_it(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with replica(redis) as one, replica(redis) as other:
        await one.shared.revoke(revocation(1))
        await until(lambda: len(other.deny_list) == 1)
        redis.stop()
        await one.shared.revoke(revocation(2))
        assert one.subjects() == {"auth0|1", "auth0|2"}
        assert "accept revoked tokens until" in caplog.text
        redis.start()
        await until(lambda: other.subjects() == {"auth0|1", "auth0|2"})


async def test_a_store_that_forgot_everything_gets_the_entries_back(redis: RedisServer) -> None:
    async with replica(redis) as one:
        await one.shared.revoke(revocation(1))
        await until(lambda: one.shared.position != b"0")
        redis.stop()
        redis.start()
        async with replica(redis) as fresh:
            await until(lambda: fresh.subjects() == {"auth0|1"})


async def test_entries_of_another_service_are_ignored(redis: RedisServer) -> None:
    async with replica(redis) as one, replica(redis, "another secret") as other:
        await other.store.execute("XADD", one.shared._stream, "*", "revocation", b"forged")  # noqa: SLF001 - as an intruder
        await other.store.execute("XADD", one.shared._stream, "*", "other", b"1")  # noqa: SLF001 - as an intruder
        await one.shared.revoke(revocation(1))
        await until(lambda: one.subjects() == {"auth0|1"})
        assert other.subjects() == set()


async def test_the_store_names_no_user(redis: RedisServer) -> None:
    async with replica(redis) as one:
        await one.shared.revoke(revocation(77))
        answer = await one.store.execute_blocking("XREAD", "COUNT", 9, "STREAMS", one.shared._stream, "0")  # noqa: SLF001 - what is stored
        assert b"auth0|77" not in repr(answer).encode()
