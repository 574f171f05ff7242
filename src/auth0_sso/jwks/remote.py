"""The issuer's JWK Set, found by OIDC discovery and kept fresh over HTTP.

Three durations, not one TTL: a set is fresh for `max_age`; an unknown kid may cause an early fetch, of which three
may find no key, and then one per `cooldown`; while fetches fail, the last set is used for another `max_stale`. A
successful fetch replaces the whole set, so a key that the issuer withdrew is rejected at once.
"""

import asyncio
import logging
import random
from collections.abc import Collection
from functools import partial
from math import ceil
from typing import Final, NoReturn

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError, KeysUnavailableError
from auth0_sso.events import IGNORE, KeysChanged, Observer, TenantCallShed
from auth0_sso.http.bounded_http import FetchError
from auth0_sso.http.client import httpx
from auth0_sso.jwks.endpoint import FetchedKeys, JwksEndpoint
from auth0_sso.jwks.freshness import Freshness, KeySnapshot
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.key_store import KeyStore, StoredKeys
from auth0_sso.resilience.outage import Outage
from auth0_sso.resilience.single_flight import SingleFlight, TooManyWaitingError
from auth0_sso.resilience.token_bucket import TokenBucket
from auth0_sso.tokens.jwk import JwkSet, VerificationKey
from auth0_sso.tracing.current import root_part

_log = logging.getLogger(__name__)

_REFRESH_AHEAD: Final = 0.8
"""The part of `max_age` after which keys are fetched again, so that no request waits for it."""
_MAX_BACKOFF: Final = 30.0
_MAX_COUNTED_FAILURES: Final = 10
_FRUITLESS_FETCHES: Final = 3
_MAX_WAITING: Final = 1000
"""How many requests may wait for a fetch: at the start of a process, or with an unknown kid."""
_FETCH, _SAVE = "fetch", "save"


class RemoteJwks:
    """A `KeySource` over HTTP, for one event loop. Run `keep_fresh` as a background task."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        issuer: str,
        *,
        algorithms: Collection[str] = ("RS256",),
        freshness: Freshness | None = None,
        store: KeyStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
        named: str = "",
    ) -> None:
        """Take the issuer's identifier as it is in `iss`, and the clock.

        With a `store` the last set is kept for the next start of the process. `observe` is told of each request, of
        changed keys, and of outages, which are the times in which fetches fail, even if the last set is still usable;
        `named` is what those events call the issuer, where there are several.
        """
        self._observe = observe
        self._named = named
        self._outage = Outage("signing keys", observe, issuer=named)
        self._algorithms = tuple(algorithms)
        self._freshness = Freshness() if freshness is None else freshness
        self._endpoint = JwksEndpoint(
            client,
            issuer,
            self._algorithms,
            max_age=self._freshness.max_age,
            timeout=self._freshness.timeout,
            observe=observe,
        )
        self._store = store
        self._clock = clock
        self._flight: SingleFlight[str, None] = SingleFlight(max_waiting=_MAX_WAITING)
        self._snapshot: KeySnapshot | None = None
        self._due_at: float = clock.monotonic()
        self._fruitless_fetches = TokenBucket(
            capacity=_FRUITLESS_FETCHES, refill_seconds=self._freshness.cooldown, clock=clock
        )
        self._failures = 0
        self._last_error: str | None = None
        self._sleeping: asyncio.Future[None] | None = None

    @property
    def current(self) -> JwkSet | None:
        """The set, if it may be used without a fetch: it is fresh, or it is usable and fetches fail."""
        now, snapshot = self._clock.monotonic(), self._snapshot
        if snapshot is None or not (snapshot.is_fresh(now) or (self._failures and snapshot.is_usable(now))):
            return None
        return snapshot.keys

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the issuer's key of that kid and algorithm.

        An unknown kid causes a fetch, within the limits of `cooldown`; known ones never wait for it. Raises
        `InvalidTokenError` if the issuer has no such key, `KeysUnavailableError` if its keys cannot be fetched.
        """
        before = self._snapshot
        keys = await self._usable_keys()
        key = keys.find(key_id, algorithm)
        if key is None and before is self._snapshot:  # else the set was fetched just now
            key = await self._find_in_newer_keys(key_id, algorithm)
        if key is None and self._failures:
            # The issuer may have a new key: an outage does not make a token invalid.
            raise self._unavailable()
        if key is None:
            raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")
        return key

    async def keep_fresh(self) -> NoReturn:
        """Fetch the set now and before it expires, and after a failure with exponential backoff; never return."""
        while True:
            wait = self._due_at - self._clock.monotonic()
            if wait > 0:
                await self._sleep(wait)
            else:
                with root_part("fetch signing keys"):
                    await asyncio.shield(self._flight.start(_FETCH, self._fetch))

    async def aclose(self) -> None:
        """Cancel a fetch in progress."""
        await self._flight.aclose()

    @property
    def health(self) -> KeysHealth:
        """The state of the keys; reading it fetches nothing."""
        now, snapshot = self._clock.monotonic(), self._snapshot
        next_refresh = max(0.0, self._due_at - now)
        if snapshot is None or not snapshot.is_usable(now):
            return KeysHealth("missing", 0, None, next_refresh, self._failures, self._last_error)
        return KeysHealth(
            "fresh" if snapshot.is_fresh(now) else "stale",
            len({kid for kid, _ in snapshot.keys.keys}),
            now - snapshot.fetched_at,
            next_refresh,
            self._failures,
            self._last_error,
        )

    def _unavailable(self) -> KeysUnavailableError:
        retry_after = max(1, ceil(self._due_at - self._clock.monotonic()))
        return KeysUnavailableError(self._last_error or "not_fetched_yet", retry_after=retry_after)

    async def _usable_keys(self) -> JwkSet:
        if (keys := self.current) is not None:
            return keys
        if not self._backing_off():
            await self._refresh()
        if self._snapshot is None or not self._snapshot.is_usable(self._clock.monotonic()):
            raise self._unavailable()
        return self._snapshot.keys

    def _backing_off(self) -> bool:
        return self._failures > 0 and self._clock.monotonic() < self._due_at

    async def _find_in_newer_keys(self, key_id: str, algorithm: str) -> VerificationKey | None:
        """Look again after the fetch in progress, else after a new one if the cooldown allows it."""
        if self._flight.is_in_flight(_FETCH):
            await self._refresh()
            return self._find_now(key_id, algorithm)
        if self._backing_off() or not self._fruitless_fetches.take():
            return None
        await self._refresh()
        key = self._find_now(key_id, algorithm)
        if key is not None:  # the issuer has rotated its keys: this fetch does not count
            self._fruitless_fetches.put_back()
        return key

    def _find_now(self, key_id: str, algorithm: str) -> VerificationKey | None:
        return None if self._snapshot is None else self._snapshot.keys.find(key_id, algorithm)

    async def _sleep(self, seconds: float) -> None:
        """Sleep until the next fetch is due; a failed fetch wakes it, because it changes when that is."""
        self._sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((self._sleeping,))
        finally:
            self._sleeping.cancel()
            self._sleeping = None

    async def _refresh(self) -> None:
        """Join the fetch in progress, or start one. Its failure is recorded, not raised."""
        try:
            with root_part("fetch signing keys"):
                await self._flight.run(_FETCH, self._fetch)
        except TooManyWaitingError:
            self._observe(TenantCallShed("jwks", "queue_full"))
            raise KeysUnavailableError("queue_full", retry_after=1) from None

    async def _fetch(self) -> None:
        try:
            if self._store is not None and self._snapshot is None:
                await self._restore(self._store)
            async with asyncio.timeout(self._freshness.timeout):
                fetched = await self._endpoint.fetch()
        except FetchError as error:
            self._record_failure(error.reason, error.cause)
        except TimeoutError:
            self._record_failure("timeout", f"no complete response within {self._freshness.timeout:.3g} s")
        except Exception:  # noqa: BLE001 - an unexpected error must not end the refresh task
            _log.exception("fetching the signing keys failed with an unexpected error")
            self._record_failure("unexpected")
        else:
            self._record_success(fetched)
            if self._store is not None:
                saved = StoredKeys(fetched.keys.document, fetched.max_age)
                self._flight.start(_SAVE, partial(self._store.save, saved))  # in the background

    async def _restore(self, store: KeyStore) -> None:
        """Use the set that an earlier process saved, until the fetch in progress replaces it."""
        stored = await store.load()
        if stored is None:
            return
        if stored.age >= stored.max_age + self._freshness.max_stale:
            _log.warning("the stored signing keys are not used: they are too old (%.0f s)", stored.age)
            return
        try:
            keys = JwkSet.parse(stored.document, self._algorithms)
        except ValueError:
            _log.warning("the stored signing keys cannot be used")
            return
        self._snapshot = self._snapshot_of(keys, self._clock.monotonic() - stored.age, stored.max_age)
        _log.info("signing keys restored: %d usable, %.0f s old", len(keys.keys), stored.age)

    def _record_success(self, fetched: FetchedKeys) -> None:
        now, keys, before = self._clock.monotonic(), fetched.keys, self._snapshot
        if before is not None and keys.keys == before.keys.keys:
            keys = before.keys  # the same object, so that the tokens verified with it stay cached
        if self._failures or before is None or keys is not before.keys:
            _log.info("signing keys fetched: %d usable, %d left out", len(keys.keys), len(keys.dropped))
            for reason in keys.dropped:
                _log.warning("a key of the issuer is left out: %s", reason)
        self._snapshot = self._snapshot_of(keys, now, fetched.max_age)
        self._due_at = now + fetched.max_age * _REFRESH_AHEAD
        self._failures = 0
        self._last_error = None
        if before is None or keys is not before.keys:
            self._observe(_change(None if before is None else before.keys, keys, self._named))
        self._outage.resolve()

    def _snapshot_of(self, keys: JwkSet, fetched_at: float, max_age: float) -> KeySnapshot:
        return KeySnapshot.fetched(keys, fetched_at, max_age=max_age, max_stale=self._freshness.max_stale)

    def _record_failure(self, reason: str, cause: str | None = None) -> None:
        backoff = min(_MAX_BACKOFF, 2.0**self._failures)
        self._failures = min(self._failures + 1, _MAX_COUNTED_FAILURES)
        wait = backoff * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
        self._due_at = self._clock.monotonic() + wait
        self._last_error = reason
        self._outage.declare(reason)
        if self._sleeping is not None:
            self._sleeping.cancel()
        url, request_id = self._endpoint.last_url, self._endpoint.last_request_id
        words = "" if cause is None else f" ({cause})"
        words += "" if request_id is None else f", request id {request_id}"
        _log.warning(
            "signing keys could not be fetched from %s: %s%s; next attempt in %.1f s", url, reason, words, wait
        )


def _change(before: JwkSet | None, now: JwkSet, issuer: str) -> KeysChanged:
    old = frozenset[str]() if before is None else _kids(before)
    new = _kids(now)
    return KeysChanged(tuple(sorted(new - old)), tuple(sorted(old - new)), issuer)


def _kids(keys: JwkSet) -> frozenset[str]:
    return frozenset(kid for kid, _ in keys.keys)
