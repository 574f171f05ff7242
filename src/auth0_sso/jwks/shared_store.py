"""The last JWK Set in the Redis that all replicas share, so that a new process can verify during an outage."""

import logging
from contextlib import suppress

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.jwks.key_store import StoredKeys
from auth0_sso.store.sealed import SealedStore

_log = logging.getLogger(__name__)


class SharedKeys:
    """A `KeyStore` in Redis, encrypted and authenticated: otherwise who can write there could sign tokens."""

    def __init__(self, sealed: SealedStore, issuer: str, *, keep: float, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the store, the issuer, the seconds to keep a set after its `max_age`, and the clock."""
        self._sealed = sealed
        self._issuer = issuer
        self._keep = keep
        self._clock = clock
        self._name = sealed.name("signing-keys", issuer)

    async def load(self) -> StoredKeys | None:
        """Return the keys that any replica saved last; None, and a log line, if they cannot be used."""
        try:
            value = self._sealed.unseal(self._name, await self._sealed.store.execute("GET", self._name))
            return None if value is None else StoredKeys.from_json(value, self._issuer, self._clock.wall())
        except StoreUnavailableError:
            return None
        except ValueError as error:
            _log.warning("the shared signing keys are not used: %s", error)
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the keys; do nothing while the store is unavailable."""
        value = self._sealed.seal(self._name, keys.as_json(self._issuer, self._clock.wall()))
        expire = max(1, int(keys.max_age + self._keep))
        with suppress(StoreUnavailableError):
            await self._sealed.store.execute("SET", self._name, value, "EX", expire)
