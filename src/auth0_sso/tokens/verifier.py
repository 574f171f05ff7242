"""From a token's text to an `AccessToken`: the parts of this package in their one right order."""

import time
from collections.abc import Callable, Collection
from typing import Protocol

from auth0_sso.tokens import claims, jws
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.jwk import VerificationKey


class KeySource(Protocol):
    """Where a token's key is looked up: the tenant's JWK Set over HTTP, or a set at hand."""

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the one key of that kid and algorithm.

        Raises `InvalidTokenError` when the issuer has no such key, `KeysUnavailableError` when nobody can say.
        """


class TokenVerifier:
    """Verifies access tokens of one issuer."""

    def __init__(
        self,
        keys: KeySource,
        policy: TokenPolicy,
        *,
        algorithms: Collection[str] = ("RS256",),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take keys, what a token must say, the JWS algorithms allowed, and a clock in seconds since 1970."""
        self._keys = keys
        self._policy = policy
        self._algorithms = tuple(algorithms)
        self._clock = clock

    async def verify(self, compact: str) -> AccessToken:
        """Return the access token that `compact` spells.

        Raises `InvalidTokenError` for a token that is refused, `KeysUnavailableError` when no key set can be had.
        """
        unverified = jws.parse(compact, self._algorithms)
        claims.require_issuer(unverified.unverified_claims, self._policy)
        key = await self._keys.find_key(unverified.key_id, unverified.algorithm)
        return claims.validate(jws.verify(unverified, key), self._policy, self._clock())
