"""Tokens for the next service on behalf of a caller (RFC 8693; Auth0: "On-behalf-of token exchange")."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from auth0_sso.calling.exchange_errors import exchange_error
from auth0_sso.clock import SYSTEM_CLOCK, Clock, MonotonicTime
from auth0_sso.errors import (
    ClientQuotaError,
    ClientRefusedError,
    ExchangeRefusedError,
    TenantError,
    TokenUnavailableError,
)
from auth0_sso.lru_cache import LruCache
from auth0_sso.oauth.token_endpoint import TokenEndpoint
from auth0_sso.resilience.single_flight import SingleFlight
from auth0_sso.tokens.actors import MAX_ACTORS, actors
from auth0_sso.tokens.claims import AccessToken

_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_NOT_CONFIGURED: Final = (
    "AUTH0_MANAGEMENT_CLIENT_ID is not set: an exchange needs it, with its secret or private key."
)

_MARGIN: Final = 10.0
"""A token is not used in its last seconds: the request that carries it takes some time."""
_REFUSAL_TTL: Final = 10.0
"""How long a refusal is answered from the cache, in seconds."""
_MAX_ENTRIES: Final = 4096


class _Key(NamedTuple):
    subject_token: bytes
    audience: str
    scope: str


@dataclass(frozen=True, slots=True)
class ExchangedToken:
    """A token for another API, with the caller as its subject and this service as its actor."""

    text: str = field(repr=False)
    expires_at: MonotonicTime
    scopes: frozenset[str] | None
    """What was granted, which may be less than was asked for; None where Auth0 does not list it."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: ExchangeRefusedError | TenantError
    expires_at: MonotonicTime


class TokenExchange:
    """Exchanges callers' tokens, and keeps the results in memory: at most 4096, no longer than the caller's token."""

    def __init__(self, endpoint: TokenEndpoint | None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the token endpoint, None where there are no client credentials, and the clock."""
        self._endpoint = endpoint
        self._clock = clock
        self._cache: LruCache[_Key, ExchangedToken | _Refusal] = LruCache(_MAX_ENTRIES)
        self._flight: SingleFlight[_Key, ExchangedToken] = SingleFlight()
        self._quota: _Refusal | None = None

    async def exchange(self, token: AccessToken, text: str, audience: str, scope: str = "") -> ExchangedToken:
        """Return a token for the API `audience` on behalf of the subject of `token`, which is written `text`.

        `scope` is space-separated. Raises `ExchangeRefusedError` where Auth0 does not permit it for this caller,
        `ClientRefusedError` where it is our configuration, `TokenUnavailableError` or `ClientQuotaError` in an
        outage.
        """
        self._require_exchangeable(token)
        key = _Key(sha256(text.encode()).digest(), audience, " ".join(sorted(set(scope.split()))))
        now, found = self._clock.monotonic(), self._cache.get(key)
        if found is not None and now < found.expires_at:
            if isinstance(found, _Refusal):
                raise found.error.with_traceback(None)
            return found
        if self._quota is not None and now < self._quota.expires_at:
            raise self._quota.error.with_traceback(None)
        return await self._flight.run(key, lambda: self._fetch(key, token, text))

    async def aclose(self) -> None:
        """Cancel the exchanges in progress."""
        await self._flight.aclose()

    def _require_exchangeable(self, token: AccessToken) -> None:
        """Refuse what Auth0 would refuse, and what it would not: it does not verify the binding of a token."""
        if "cnf" in token.claims:
            raise ExchangeRefusedError("subject_token_bound")
        if len(actors(token.claims)) >= MAX_ACTORS - 1:
            raise ExchangeRefusedError("delegation_too_deep")

    async def _fetch(self, key: _Key, token: AccessToken, text: str) -> ExchangedToken:
        if self._endpoint is None:
            raise ClientRefusedError("client_not_configured")
        try:
            issued = await self._endpoint.fetch(_grant(text, key))
        except ClientRefusedError as refused:
            error = exchange_error(refused)
            self._keep(key, _Refusal(error, self._in(_REFUSAL_TTL)))
            raise error from None
        except ClientQuotaError as error:
            self._quota = _Refusal(error, self._in(error.retry_after))
            raise
        except TokenUnavailableError as error:
            self._keep(key, _Refusal(error, self._in(1)))
            raise
        remaining = token.expires_at - self._clock.wall()
        expires_at = min(issued.expires_at, self._in(remaining)) - _MARGIN
        exchanged = ExchangedToken(issued.text, MonotonicTime(expires_at), issued.scopes)
        self._keep(key, exchanged)
        return exchanged

    def _keep(self, key: _Key, value: ExchangedToken | _Refusal) -> None:
        self._cache.put(key, value, 1)

    def _in(self, seconds: float) -> MonotonicTime:
        return MonotonicTime(self._clock.monotonic() + seconds)


def _grant(text: str, key: _Key) -> dict[str, str]:
    grant = {
        "grant_type": _GRANT_TYPE,
        "subject_token": text,
        "subject_token_type": _ACCESS_TOKEN,
        "requested_token_type": _ACCESS_TOKEN,
        "audience": key.audience,
    }
    return {**grant, "scope": key.scope} if key.scope else grant
