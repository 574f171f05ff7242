"""The issuer's JWK Set, found by OIDC discovery and kept fresh over HTTP.

Freshness is three numbers, not one TTL: a set is fresh for `max_age`; an unknown kid may force an early fetch, of
which three may find no key at once, and then one per `cooldown`; while fetches fail, the last good set serves on for
`max_stale`. A successful fetch replaces the set whole, so a key the issuer withdrew ends at once.
"""

import asyncio
import logging
import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Literal, NoReturn

import httpx

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError, KeysUnavailableError
from auth0_sso.http.bounded_http import FetchError
from auth0_sso.jwks.endpoint import FetchedKeys, JwksEndpoint
from auth0_sso.jwks.fetch_budget import FetchBudget
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.stores import KeyStore, StoredKeys
from auth0_sso.resilience.single_flight import SingleFlight
from auth0_sso.tokens.jwk import JwkSet, VerificationKey

_log = logging.getLogger(__name__)

_REFRESH_AHEAD = 0.8
"""The part of a set's fresh life after which it is fetched again, so that no request waits for it."""
_MAX_BACKOFF = 30.0
_VAIN_FETCHES = 3
_FETCH, _SAVE = "fetch", "save"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long keys are trusted, all in seconds.

    `max_age` holds where the issuer's answer does not name one. After each `cooldown` unknown kids may force one more
    fetch that finds no key. `timeout` limits one fetch, discovery included.
    """

    max_age: float = 600
    cooldown: float = 30
    max_stale: float = 86_400
    timeout: float = 5


@dataclass(frozen=True, slots=True)
class _Snapshot:
    keys: JwkSet
    fetched_at: float
    fresh_until: float


class RemoteJwks:
    """A `KeySource` over HTTP. Use it from one event loop; run `keep_fresh` beside it as a task."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        issuer: str,
        *,
        algorithms: Collection[str] = ("RS256",),
        freshness: Freshness | None = None,
        store: KeyStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the issuer's identifier with its trailing slash, and the clock.

        With a `store` the last good set outlives the process.
        """
        self._algorithms = tuple(algorithms)
        self._freshness = Freshness() if freshness is None else freshness
        self._endpoint = JwksEndpoint(
            client,
            issuer,
            self._algorithms,
            max_age=self._freshness.max_age,
            timeout=self._freshness.timeout,
        )
        self._store = store
        self._clock = clock
        self._flight: SingleFlight[str, None] = SingleFlight()
        self._snapshot: _Snapshot | None = None
        self._due_at: float = clock.monotonic()
        self._vain_fetches = FetchBudget(capacity=_VAIN_FETCHES, period=self._freshness.cooldown, clock=clock)
        self._failures = 0
        self._last_error: str | None = None
        self._nap: asyncio.Future[None] | None = None

    @property
    def current(self) -> JwkSet | None:
        """The set, when it may answer without the issuer being asked first."""
        snapshot = self._snapshot
        return snapshot.keys if snapshot is not None and self._fresh_enough(snapshot) else None

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the issuer's key of that kid and algorithm.

        An unknown kid forces a fetch while the budget for them allows it; known ones never wait for it.
        Raises `InvalidTokenError` when the issuer has no such key as far as is known, `KeysUnavailableError` when the
        issuer could not be asked.
        """
        before = self._snapshot
        keys = await self._usable_keys()
        key = keys.find(key_id, algorithm)
        if key is None and before is self._snapshot:  # else the set was fetched for this very token
            key = await self._find_in_newer_keys(key_id, algorithm)
        if key is None and self._failures:
            # The issuer may have a new key, and nobody can tell: an outage is not the token's fault.
            raise self.unavailable()
        if key is None:
            raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")
        return key

    async def keep_fresh(self) -> NoReturn:
        """Fetch the set now and ahead of each expiry, and again after failures with growing pauses, for ever."""
        while True:
            wait = self._due_at - self._clock.monotonic()
            if wait > 0:
                await self._nap_for(wait)
            else:
                await self._refresh()

    async def aclose(self) -> None:
        """Give up a fetch that is under way."""
        await self._flight.aclose()

    @property
    def health(self) -> KeysHealth:
        """The state of the keys now; asks nothing of anyone."""
        now, snapshot = self._clock.monotonic(), self._snapshot
        next_refresh = max(0.0, self._due_at - now)
        if snapshot is None or not self._serves(snapshot):
            return KeysHealth("missing", 0, None, next_refresh, self._failures, self._last_error)
        state: Literal["fresh", "stale"] = "fresh" if now < snapshot.fresh_until else "stale"
        age = now - snapshot.fetched_at
        keys = len({kid for kid, _ in snapshot.keys.keys})
        return KeysHealth(state, keys, age, next_refresh, self._failures, self._last_error)

    def unavailable(self) -> KeysUnavailableError:
        """Return the error for a moment without keys, naming when to come back."""
        retry_after = max(1, ceil(self._due_at - self._clock.monotonic()))
        return KeysUnavailableError(self._last_error or "not_fetched_yet", retry_after=retry_after)

    async def _usable_keys(self) -> JwkSet:
        if (keys := self.current) is not None:
            return keys
        if not self._backing_off():
            await self._refresh()
        if self._snapshot is None or not self._serves(self._snapshot):
            raise self.unavailable()
        return self._snapshot.keys

    def _fresh_enough(self, snapshot: _Snapshot) -> bool:
        """Tell whether to answer from the set without asking first: in its time, or while asking is in vain."""
        return self._clock.monotonic() < snapshot.fresh_until or (self._failures > 0 and self._serves(snapshot))

    def _serves(self, snapshot: _Snapshot) -> bool:
        return self._clock.monotonic() < snapshot.fresh_until + self._freshness.max_stale

    def _backing_off(self) -> bool:
        return self._failures > 0 and self._clock.monotonic() < self._due_at

    async def _find_in_newer_keys(self, key_id: str, algorithm: str) -> VerificationKey | None:
        """Look again after the fetch under way, else after one of our own if the budget allows it."""
        if self._flight.flying(_FETCH):
            await self._refresh()
            return self._find_now(key_id, algorithm)
        if self._backing_off() or not self._vain_fetches.take():
            return None
        await self._refresh()
        key = self._find_now(key_id, algorithm)
        if key is not None:  # the issuer has rotated; an invented kid is never found
            self._vain_fetches.give_back()
        return key

    def _find_now(self, key_id: str, algorithm: str) -> VerificationKey | None:
        return None if self._snapshot is None else self._snapshot.keys.find(key_id, algorithm)

    async def _nap_for(self, seconds: float) -> None:
        """Sleep, or less when a failure brings the next fetch forward."""
        self._nap = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((self._nap,))
        finally:
            self._nap.cancel()
            self._nap = None

    async def _refresh(self) -> None:
        """Join the fetch under way, or make one. Its failure is recorded, not raised."""
        await self._flight.run(_FETCH, self._fetch)

    async def _fetch(self) -> None:
        try:
            if self._store is not None and self._snapshot is None:
                await self._restore(self._store)
            async with asyncio.timeout(self._freshness.timeout):
                fetched = await self._endpoint.fetch()
        except (FetchError, TimeoutError) as error:
            self._record_failure(error.reason if isinstance(error, FetchError) else "timeout")
        except Exception:  # noqa: BLE001 - an unforeseen error must not end the refresh task: the next answer may be good
            _log.exception("fetching the signing keys failed in a way nobody thought of")
            self._record_failure("unexpected")
        else:
            self._record_success(fetched)
            if self._store is not None:
                saved = StoredKeys(fetched.keys.document, fetched.max_age)
                self._flight.start(_SAVE, partial(self._store.save, saved))  # nobody waits for the disk

    async def _restore(self, store: KeyStore) -> None:
        """Take up the set an earlier process left, as old as it is; the fetch under way will replace it."""
        stored = await store.load()
        if stored is None:
            return
        if stored.age >= stored.max_age + self._freshness.max_stale:
            _log.warning("the stored signing keys are not used: at %.0f s they are too old", stored.age)
            return
        try:
            keys = JwkSet.parse(stored.document, self._algorithms)
        except ValueError:
            _log.warning("the stored signing keys cannot be used")
            return
        fetched_at = self._clock.monotonic() - stored.age
        self._snapshot = _Snapshot(keys, fetched_at, fetched_at + stored.max_age)
        _log.info("signing keys restored: %d usable, %.0f s old", len(keys.keys), stored.age)

    def _record_success(self, fetched: FetchedKeys) -> None:
        now, keys, before = self._clock.monotonic(), fetched.keys, self._snapshot
        if before is not None and keys.keys == before.keys.keys:
            keys = before.keys  # the same object: what was verified with it stays verified
        if self._failures or before is None or keys is not before.keys:
            _log.info("signing keys fetched: %d usable, %d left out", len(keys.keys), len(keys.dropped))
            for reason in keys.dropped:
                _log.warning("a key of the issuer is left out: %s", reason)
        self._snapshot = _Snapshot(keys, now, now + fetched.max_age)
        self._due_at = now + fetched.max_age * _REFRESH_AHEAD
        self._failures = 0
        self._last_error = None

    def _record_failure(self, reason: str) -> None:
        backoff = min(_MAX_BACKOFF, 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        wait = backoff * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, keeps no secret
        self._due_at = self._clock.monotonic() + wait
        self._last_error = reason
        if self._nap is not None:
            self._nap.cancel()
        _log.warning("signing keys could not be fetched: %s; next try in %.1f s", reason, wait)
