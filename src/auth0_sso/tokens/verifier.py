"""Verification of access tokens: parse, find the key, verify the signature, validate the claims; and a cache."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError
from auth0_sso.events import IGNORE, Observer, TokenVerified
from auth0_sso.lru_cache import LruCache
from auth0_sso.tokens import claims, jws
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.jwk import JwkSet, VerificationKey
from auth0_sso.tokens.jws import UnverifiedJws

MAX_TOKEN_BYTES = 16 * 1024
"""MAX length of a token, in bytes; Auth0's are 1 to 2 KiB."""

CACHE_BYTES = 32 * 1024 * 1024
"""MAX memory of the token cache by default, in bytes."""

# The memory of a cached token, measured: 2 KiB, and for each byte of its first two parts 1 for long texts, 4 for
# permissions, 6 for small objects. Only objects with one short member take 14.
_ENTRY_BYTES, _BYTES_PER_BYTE = 2048, 6


class KeySource(Protocol):
    """Where the key of a token is found: `RemoteJwks`, `StaticKeys`, or a class of your own."""

    @property
    def current(self) -> JwkSet | None:
        """The set that can be used now without a fetch, or None; a new object when its keys have changed."""

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the one key of that kid and algorithm.

        Raises `InvalidTokenError` if the issuer has no such key, `KeysUnavailableError` if its keys are unknown.
        """


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer whose tokens are accepted: its keys, what its tokens must contain, and its JWS algorithms."""

    keys: KeySource
    policy: TokenPolicy
    algorithms: tuple[str, ...] = ("RS256",)


class TokenVerifier:
    """Verifies access tokens of one issuer, or of several.

    The keys and the policy of a token are those of the issuer that its `iss` names, compared exactly and before
    anything is fetched: a key of one issuer never verifies a token of another.

    The last `cache_size` tokens are cached by the SHA-256 of their text, not by the text; fewer if their estimated
    size exceeds `cache_bytes`. A cached token is valid while the key set that verified it is current, and its times
    are checked again at each use.
    """

    def __init__(
        self,
        keys: KeySource,
        policy: TokenPolicy,
        *,
        algorithms: Collection[str] = ("RS256",),
        others: Iterable[TrustedIssuer] = (),
        max_token_bytes: int = MAX_TOKEN_BYTES,
        cache_size: int = 0,
        cache_bytes: int = CACHE_BYTES,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the keys, the policy for claims and the allowed JWS algorithms of an issuer; then `others`, the clock.

        Raises `ValueError` for two issuers of one name.
        """
        self.cache_hits = 0
        """How many tokens were found in the cache."""
        self.cache_misses = 0
        self._observe = observe
        trusted = (TrustedIssuer(keys, policy, tuple(algorithms)), *others)
        self.issuers: Mapping[str, TrustedIssuer] = {each.policy.issuer: each for each in trusted}
        """What is trusted, by the issuer's identifier."""
        if len(self.issuers) < len(trusted):
            raise ValueError("each issuer has a name of its own")
        self._algorithms = tuple(dict.fromkeys(name for each in trusted for name in each.algorithms))
        self._max_token_bytes = max_token_bytes
        # One limit for both: the cost of a token is at least its part of the bytes, so at most `cache_size` fit.
        self._min_cost = cache_bytes // cache_size if cache_size else 0
        self._cache: LruCache[bytes, tuple[AccessToken, JwkSet, TrustedIssuer]] = LruCache(
            self._min_cost * cache_size
        )
        self._clock = clock

    async def verify(self, compact: str) -> AccessToken:
        """Return the access token of a compact JWS.

        Raises `InvalidTokenError` for a token that is refused, `KeysUnavailableError` if there are no keys.
        """
        if len(compact) > self._max_token_bytes:
            raise InvalidTokenError("token_too_long", "The access token is too long.")
        text = compact.encode("ascii", "replace")
        digest = sha256(text).digest()
        known = self._cache.get(digest)
        if known is not None and known[1] is known[2].keys.current:
            self.cache_hits += 1
            try:
                claims.require_alive(known[0], known[2].policy, self._clock.wall())
            except InvalidTokenError as error:
                error.client_id = known[0].client_id
                raise
            return known[0]
        self.cache_misses += 1
        if self._observe is IGNORE:
            return await self._verify(text, digest)
        started, valid = self._clock.monotonic(), False
        try:
            token = await self._verify(text, digest)
            valid = True
        finally:
            self._observe(TokenVerified(valid, self._clock.monotonic() - started))
        return token

    async def _verify(self, text: bytes, digest: bytes) -> AccessToken:
        unverified = jws.parse(text, self._algorithms)
        try:
            return await self._verify_parsed(unverified, digest)
        except InvalidTokenError as error:
            error.key_id = unverified.key_id
            raise

    async def _verify_parsed(self, unverified: UnverifiedJws, digest: bytes) -> AccessToken:
        issuer = self._issuer_of(unverified)
        keys = issuer.keys.current
        key = None if keys is None else keys.find(unverified.key_id, unverified.algorithm)
        if key is None:
            key = await issuer.keys.find_key(unverified.key_id, unverified.algorithm)
            keys = _current_keys_with(key, issuer.keys)
        token = self._validated(jws.verify(unverified, key), issuer.policy)
        if keys is not None:
            cost = _ENTRY_BYTES + _BYTES_PER_BYTE * len(unverified.signing_input)
            self._cache.put(digest, (token, keys, issuer), max(cost, self._min_cost))
        return token

    def _issuer_of(self, unverified: UnverifiedJws) -> TrustedIssuer:
        """Return the issuer that a token names, if one of its algorithms signed it."""
        issuer = claims.find_issuer(unverified.unverified_claims, self.issuers)
        if unverified.algorithm not in issuer.algorithms:
            raise jws.algorithm_not_allowed()
        return issuer

    @property
    def cache_entries(self) -> int:
        """How many tokens are in the cache."""
        return len(self._cache)

    def _validated(self, verified: Mapping[str, object], policy: TokenPolicy) -> AccessToken:
        try:
            return claims.validate(verified, policy, self._clock.wall())
        except InvalidTokenError as error:
            error.client_id = claims.named_client(verified)
            raise

    def end_of(self, token: AccessToken) -> float:
        """Return the time from which `verify` refuses a token as expired or too old, in seconds since 1970."""
        return claims.end_of(token, self.issuers[token.issuer].policy)


def _current_keys_with(key: VerificationKey, source: KeySource) -> JwkSet | None:
    keys = source.current
    return keys if keys is not None and keys.holds(key) else None
