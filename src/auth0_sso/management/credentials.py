"""Our own token for the Management API: an `httpx.Auth` that fetches, renews and replaces it by itself.

Client credentials (RFC 6749 section 4.4; Auth0: "Management API access tokens for production"). Auth0 counts and
bills machine tokens, so one is fetched for any number of concurrent callers, and kept until shortly before its end.
Nor is a token replaced again and again where another one does not help.
"""

import logging
from collections.abc import AsyncGenerator
from typing import Final

import httpx

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import TenantError
from auth0_sso.management.shared_token import ManagementToken, SharedToken
from auth0_sso.management.token_endpoint import ClientCredentials, TokenEndpoint
from auth0_sso.resilience.backoff import Backoff
from auth0_sso.resilience.single_flight import SingleFlight

__all__ = ["ClientCredentials", "ManagementAuth"]

_log = logging.getLogger(__name__)

_FETCH_WAITS: Final = (1.0, 30.0)
"""Seconds between fetches that fail: the first wait and the longest."""

_REPLACEMENT_WAITS: Final = (30.0, 3600.0)
"""Seconds between replacements that do not help."""

_AFTER_AUTHENTICATION: Final = frozenset({403, 404, 409})
"""Refusals that Auth0 gives to the bearer of a good token only."""

_RENEWAL: Final = "renewal"
_REFUSED_WITH: Final = "auth0_sso.refused_with"


class ManagementAuth(httpx.Auth):
    """Puts a living Management token on each request it authenticates, and drops the token that a 401 met.

    Sending once more is the caller's part, with the same request object: httpx would read the refusal's body to its
    end, however long it is.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        credentials: ClientCredentials,
        *,
        shared: SharedToken | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the client that fetches tokens from the tenant, whose address ends in a slash.

        With `shared` the token is that of all replicas.
        """
        self._endpoint = TokenEndpoint(client, base_url, credentials, clock=clock)
        self._shared = shared
        self._clock = clock
        self._flight: SingleFlight[str, ManagementToken] = SingleFlight()
        self._token: ManagementToken | None = None
        self._replaced: str | None = None
        self._accepted = self._useless = False
        self._scopes_replaced: frozenset[str] | None = None
        self._failure: TenantError | None = None
        self._fetches = Backoff(*_FETCH_WAITS, clock=clock)
        self._after_refusal = Backoff(*_REPLACEMENT_WAITS, clock=clock)
        self._for_scope = Backoff(*_REPLACEMENT_WAITS, clock=clock)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Authenticate one request, as httpx asks.

        Raises `ManagementUnavailableError`, `ManagementRefusedError` or `ManagementAnswerError` when no token can
        be had.
        """
        token = await self._living_token()
        request.headers["Authorization"] = f"Bearer {token.text}"
        response = yield request
        if response.status_code == 401:
            self._note_refusal(request, token)
        elif response.status_code < 300 or response.status_code in _AFTER_AUTHENTICATION:
            self._note_success(request, token)

    async def grants_any(self, scopes: tuple[str, ...]) -> bool:
        """Tell whether our token may be good for one of `scopes`; raises what a call would.

        A token that is not is replaced, as the scope may have been granted meanwhile: after 30 seconds at the
        earliest, and twice as long after each token that brings the same scopes, up to an hour.
        """
        token = await self._living_token()
        if not token.allows_any(scopes):
            if self._token is token and self._for_scope.ready and self._fetches.ready:
                self._replaced, self._scopes_replaced = token.text, token.scopes
                await self._flight.run(_RENEWAL, self._renew)
            token = await self._living_token()
        return token.allows_any(scopes)

    async def aclose(self) -> None:
        """Give up a token fetch that is under way."""
        await self._flight.aclose()

    async def _living_token(self) -> ManagementToken:
        now, token = self._clock.monotonic(), self._token
        if token is not None and now < token.renew_at:
            return token
        if token is not None and now < token.expires_at:
            if self._fetches.ready:
                self._flight.start(_RENEWAL, self._renew)  # in the background
            return token
        if self._failure is not None and not self._fetches.ready:
            raise self._failure.with_traceback(None)
        return await self._flight.run(_RENEWAL, self._renew)

    def _note_refusal(self, request: httpx.Request, token: ManagementToken) -> None:
        """Drop the token that a 401 met, unless its successor would be refused as well.

        Fifty callers may meet the same 401: only the first finds it current, the others join its renewal. A request
        that is refused with the replacement too shows that replacing does not help.
        """
        before = request.extensions.get(_REFUSED_WITH, token)
        request.extensions[_REFUSED_WITH] = token
        if self._token is not token:
            return
        if before is not token:
            self._note_useless_replacement()
        elif self._may_replace():
            self._token, self._replaced = None, token.text

    def _note_useless_replacement(self) -> None:
        if not self._useless:
            self._useless = True
            wait = self._after_refusal.failed()
            _log.error("the Management API refuses a new token as well; the next is fetched in %.0f s", wait)

    def _may_replace(self) -> bool:
        """A token that has worked is replaced at once, unless replacing did not help twice in a row."""
        return self._after_refusal.ready or (self._accepted and self._after_refusal.failures < 2)

    def _note_success(self, request: httpx.Request, token: ManagementToken) -> None:
        self._accepted = self._accepted or self._token is token
        if request.extensions.pop(_REFUSED_WITH, token) is not token:
            self._after_refusal.reset()  # what was refused with another token is accepted with this one

    async def _renew(self) -> ManagementToken:
        try:
            token = await self._newest()
        except TenantError as error:
            self._failure = error
            wait = self._fetches.failed()
            _log.error("no Management API token: %s; next try in %.0f s at the earliest", error.reason, wait)
            raise
        self._fetches.reset()
        self._failure = None
        self._judge_scopes(token)
        self._token, self._accepted, self._useless = token, False, False
        return token

    def _judge_scopes(self, token: ManagementToken) -> None:
        if self._scopes_replaced is not None and token.scopes == self._scopes_replaced:
            self._for_scope.failed()
        elif self._token is None or token.scopes != self._token.scopes:
            self._for_scope.reset()
        self._scopes_replaced = None

    async def _newest(self) -> ManagementToken:
        if self._shared is None:
            return await self._endpoint.fetch()
        return await self._shared.renewed(self._endpoint.fetch, refused=self._replaced)
