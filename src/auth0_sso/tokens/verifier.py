"""Verification of access tokens: parse, find the key, verify the signature, validate the claims; and a cache."""

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Protocol

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError
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


class TokenVerifier:
    """Verifies access tokens of one issuer.

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
        max_token_bytes: int = MAX_TOKEN_BYTES,
        cache_size: int = 0,
        cache_bytes: int = CACHE_BYTES,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the keys, the policy for claims, the allowed JWS algorithms, and the clock."""
        self._keys = keys
        self._policy = policy
        self._algorithms = tuple(algorithms)
        self._max_token_bytes = max_token_bytes
        # One limit for both: the cost of a token is at least its part of the bytes, so at most `cache_size` fit.
        self._min_cost = cache_bytes // cache_size if cache_size else 0
        self._cache: LruCache[bytes, tuple[AccessToken, JwkSet]] = LruCache(self._min_cost * cache_size)
        self._clock = clock

    async def verify(self, compact: str) -> AccessToken:
        """Return the access token of a compact JWS.

        Raises `InvalidTokenError` for a token that is refused, `KeysUnavailableError` if there are no keys.
        """
        if len(compact) > self._max_token_bytes:
            raise InvalidTokenError("token_too_long", "The access token is too long.")
        text = compact.encode("ascii", "replace")
        digest, keys = sha256(text).digest(), self._keys.current
        known = self._cache.get(digest)
        if known is not None and known[1] is keys:
            try:
                claims.require_alive(known[0], self._policy, self._clock.wall())
            except InvalidTokenError as error:
                error.client_id = known[0].client_id
                raise
            return known[0]
        unverified = jws.parse(text, self._algorithms)
        try:
            return await self._verify_parsed(unverified, digest, keys)
        except InvalidTokenError as error:
            error.key_id = unverified.key_id
            raise

    async def _verify_parsed(self, unverified: UnverifiedJws, digest: bytes, keys: JwkSet | None) -> AccessToken:
        claims.require_issuer(unverified.unverified_claims, self._policy)
        key = None if keys is None else keys.find(unverified.key_id, unverified.algorithm)
        if key is None:
            key = await self._keys.find_key(unverified.key_id, unverified.algorithm)
            keys = self._current_keys_with(key)
        token = self._validated(jws.verify(unverified, key))
        if keys is not None:
            cost = _ENTRY_BYTES + _BYTES_PER_BYTE * len(unverified.signing_input)
            self._cache.put(digest, (token, keys), max(cost, self._min_cost))
        return token

    def _validated(self, verified: Mapping[str, object]) -> AccessToken:
        try:
            return claims.validate(verified, self._policy, self._clock.wall())
        except InvalidTokenError as error:
            error.client_id = claims.named_client(verified)
            raise

    def end_of(self, token: AccessToken) -> float:
        """Return the time from which `verify` refuses a token as expired or too old, in seconds since 1970."""
        return claims.end_of(token, self._policy)

    def _current_keys_with(self, key: VerificationKey) -> JwkSet | None:
        keys = self._keys.current
        return keys if keys is not None and keys.holds(key) else None
