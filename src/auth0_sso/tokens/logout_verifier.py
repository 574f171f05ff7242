"""Verification of logout tokens: parse, find the key, verify the signature, validate the claims."""

from collections.abc import Collection

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens import jws
from auth0_sso.tokens.logout_token import LOGOUT_TOKEN_TYPES, LogoutPolicy, LogoutToken, validate_logout
from auth0_sso.tokens.verifier import MAX_TOKEN_BYTES, KeySource


class LogoutTokenVerifier:
    """Verifies logout tokens with the keys of their issuer (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

    def __init__(
        self,
        keys: KeySource,
        policy: LogoutPolicy,
        *,
        algorithms: Collection[str] = ("RS256",),
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the keys, the policy for claims, the allowed JWS algorithms, and the clock."""
        self._keys = keys
        self._policy = policy
        self._algorithms = tuple(algorithms)
        self._clock = clock

    async def verify(self, compact: str) -> LogoutToken:
        """Return what a logout token says; that its `jti` is new is for the caller to check.

        Raises `InvalidTokenError` for one that is refused, `KeysUnavailableError` if there are no keys.
        """
        if len(compact) > MAX_TOKEN_BYTES:
            raise InvalidTokenError("token_too_long", "The logout token is too long.")
        unverified = jws.parse(compact.encode("ascii", "replace"), self._algorithms, LOGOUT_TOKEN_TYPES)
        if unverified.unverified_claims.get("iss") != self._policy.issuer:  # before a key is fetched for it
            raise InvalidTokenError("logout_iss_mismatch", "The logout token is refused.")
        key = await self._keys.find_key(unverified.key_id, unverified.algorithm)
        return validate_logout(jws.verify(unverified, key), self._policy, self._clock.wall())
