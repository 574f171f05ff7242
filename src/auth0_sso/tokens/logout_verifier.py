"""Verification of logout tokens: parse, find the key, verify the signature, validate the claims."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens import jws
from auth0_sso.tokens.logout_token import LOGOUT_TOKEN_TYPES, LogoutPolicy, LogoutToken, validate_logout
from auth0_sso.tokens.verifier import MAX_TOKEN_BYTES, KeySource


@dataclass(frozen=True, slots=True)
class LogoutIssuer:
    """An issuer whose logout tokens are accepted: its keys, what they must contain, and its JWS algorithms."""

    keys: KeySource
    policy: LogoutPolicy
    algorithms: tuple[str, ...] = ("RS256",)


class LogoutTokenVerifier:
    """Verifies logout tokens with the keys of their issuer (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

    def __init__(self, issuers: Iterable[LogoutIssuer], *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the issuers, and the clock."""
        self._issuers = {each.policy.issuer: each for each in issuers}
        self._algorithms = tuple(dict.fromkeys(name for each in self._issuers.values() for name in each.algorithms))
        self._clock = clock

    async def verify(self, compact: str) -> LogoutToken:
        """Return what a logout token says; that its `jti` is new is for the caller to check.

        Raises `InvalidTokenError` for one that is refused, `KeysUnavailableError` if there are no keys.
        """
        if len(compact) > MAX_TOKEN_BYTES:
            raise InvalidTokenError("token_too_long", "The logout token is too long.")
        unverified = jws.parse(compact.encode("ascii", "replace"), self._algorithms, LOGOUT_TOKEN_TYPES)
        issuer = self._issuer_of(unverified.unverified_claims)  # before a key is fetched for it
        if unverified.algorithm not in issuer.algorithms:
            raise jws.algorithm_not_allowed()
        key = await issuer.keys.find_key(unverified.key_id, unverified.algorithm)
        return validate_logout(jws.verify(unverified, key), issuer.policy, self._clock.wall())

    def _issuer_of(self, claims: Mapping[str, object]) -> LogoutIssuer:
        named = claims.get("iss")
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None:
            raise InvalidTokenError("logout_iss_mismatch", "The logout token is refused.")
        return issuer
