from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth0_sso.jwks.file_store import JwksFile
from auth0_sso.jwks.key_store import KeyStores, StoredKeys
from auth0_sso.jwks.shared_store import SharedKeys
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, Issuer
from support.redis_server import RedisServer

SECRET = "the-client-secret"
FORGED = '{"issuer": "https://tenant.example.com/", "savedAt": 1, "maxAge": 600, "jwks": {"keys": []}}'


class Kept:
    """The keys of an issuer in a Redis, as one process after another sees them."""

    def __init__(self, url: str, clock: HandClock) -> None:
        self.store = RedisStore(url, timeout=5, clock=clock)
        self._clock = clock

    def keys(self, issuer: str = ISSUER, secret: str = SECRET) -> SharedKeys:
        return SharedKeys(SealedStore(self.store, Keyring("a test", secret)), issuer, keep=3600, clock=self._clock)


@pytest.fixture
async def kept(redis: RedisServer, clock: HandClock) -> AsyncIterator[Kept]:
    kept = Kept(redis.url, clock)
    yield kept
    await kept.store.aclose()


async def test_a_process_loads_saved_keys_with_their_age(
    kept: Kept, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    assert await kept.keys().load() is None
    assert caplog.text == ""
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    clock.now += 90
    assert await kept.keys().load() == StoredKeys(issuer.jwks(), 600, age=90)


async def test_saved_keys_expire_in_the_store(kept: Kept, redis: RedisServer, issuer: Issuer) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    (key,) = redis.cli("--raw", "keys", "*").split()
    assert 4100 < int(redis.cli("--raw", "ttl", key)) <= 4200


async def test_keys_of_another_issuer_or_under_another_secret_are_not_found(kept: Kept, issuer: Issuer) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys(issuer="https://other.example.com/").load() is None
    assert await kept.keys(secret="another").load() is None


async def test_each_issuer_has_keys_of_its_own_in_the_store(kept: Kept, issuer: Issuer) -> None:
    other = "https://other.example.com/"
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    await kept.keys(issuer=other).save(StoredKeys(issuer.jwks(), 300))
    assert await kept.keys().load() == StoredKeys(issuer.jwks(), 600)
    assert await kept.keys(issuer=other).load() == StoredKeys(issuer.jwks(), 300)


async def test_forged_keys_in_the_store_are_ignored(kept: Kept, redis: RedisServer, issuer: Issuer) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    (key,) = redis.cli("--raw", "keys", "*").split()
    redis.cli("set", key, FORGED)
    assert await kept.keys().load() is None


async def test_keys_saved_in_the_future_are_ignored_and_logged(
    kept: Kept, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    clock.now -= 1
    assert await kept.keys().load() is None
    (line,) = caplog.messages
    assert line.startswith("the shared signing keys are not used: ")
    assert "in the future" in line


async def test_while_the_store_is_down_saving_is_no_error(kept: Kept, redis: RedisServer, issuer: Issuer) -> None:
    redis.stop()
    await kept.keys().save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys().load() is None


async def test_keys_are_loaded_from_the_first_store_and_saved_to_all(
    kept: Kept, redis: RedisServer, issuer: Issuer, clock: HandClock, tmp_path: Path
) -> None:
    file = JwksFile(tmp_path / "jwks.json", ISSUER, clock=clock)
    both = KeyStores([kept.keys(), file])
    assert await both.load() is None
    await both.save(StoredKeys(issuer.jwks(), 600))
    assert await kept.keys().load() == await file.load() == await both.load() == StoredKeys(issuer.jwks(), 600)
    redis.stop()
    assert await both.load() == StoredKeys(issuer.jwks(), 600)
