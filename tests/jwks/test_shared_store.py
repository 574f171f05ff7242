from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth0_sso.jwks.file_store import JwksFile
from auth0_sso.jwks.key_store import KeyStores, StoredKeys
from auth0_sso.jwks.shared_store import SharedKeys
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import SharedStore
from support.clock import HandClock
from support.issuer import ISSUER, Issuer
from support.redis_server import RedisServer

SECRET = "the-client-secret"
FORGED = '{"issuer": "https://tenant.example.com/", "savedAt": 1, "maxAge": 600, "jwks": {"keys": []}}'


class Kept:
    """The keys of an issuer in a Redis, as one process after another sees them."""

    def __init__(self, url: str, clock: HandClock) -> None:
        self.store = SharedStore(url, timeout=5, clock=clock)
        self._clock = clock

    def keys(self, issuer: str = ISSUER, secret: str = SECRET) -> SharedKeys:
        return SharedKeys(SealedStore(self.store, secret, "a test"), issuer, keep=3600, clock=self._clock)


@pytest.fixture
async def kept(redis: RedisServer, clock: HandClock) -> AsyncIterator[Kept]:
    kept = Kept(redis.url, clock)
    yield kept
    await kept.store.aclose()


async def test_what_one_process_saved_the_next_one_loads_as_old_as_it_is(
    kept: Kept, issuer: Issuer, clock: HandClock
) -> None:
    assert await kept.keys().load() is None
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    clock.now += 90
    assert await kept.keys().load() == StoredKeys(issuer.jwks(), 600, age=90)


async def test_it_is_gone_once_it_would_serve_nobody(kept: Kept, redis: RedisServer, issuer: Issuer) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    (key,) = redis.cli("--raw", "keys", "*").split()
    assert 4100 < int(redis.cli("--raw", "ttl", key)) <= 4200


async def test_keys_of_another_issuer_or_under_another_secret_are_not_found(kept: Kept, issuer: Issuer) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys(issuer="https://other.example.com/").load() is None
    assert await kept.keys(secret="another").load() is None


async def test_keys_that_somebody_else_wrote_there_are_not_believed(
    kept: Kept, redis: RedisServer, issuer: Issuer
) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    (key,) = redis.cli("--raw", "keys", "*").split()
    redis.cli("set", key, FORGED)
    assert await kept.keys().load() is None


async def test_keys_of_the_future_are_not_believed_and_said_so(
    kept: Kept, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    clock.now -= 1
    assert await kept.keys().load() is None
    assert "in the future" in caplog.text


async def test_without_the_store_there_are_none_and_saving_is_no_error(
    kept: Kept, redis: RedisServer, issuer: Issuer
) -> None:
    redis.stop()
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys().load() is None


async def test_of_several_stores_the_first_with_keys_is_read_and_all_are_written(
    kept: Kept, redis: RedisServer, issuer: Issuer, clock: HandClock, tmp_path: Path
) -> None:
    file = JwksFile(tmp_path / "jwks.json", ISSUER, clock=clock)
    both = KeyStores([kept.keys(), file])
    assert await both.load() is None
    await both.save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys().load() == await file.load() == await both.load() == StoredKeys(issuer.jwks(), 600)
    redis.stop()
    assert await both.load() == StoredKeys(issuer.jwks(), 600)
