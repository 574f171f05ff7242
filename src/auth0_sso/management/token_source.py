"""The access token of the Management API: fetched when needed, renewed in the background, replaced when rejected.

Client credentials (RFC 6749 section 4.4; Auth0: "Management API access tokens for production"). Auth0 counts and
bills machine tokens, so concurrent callers share one (single flight), and it is used until shortly before it expires.
A rejected token is replaced once: if the API rejects the new one as well, the next replacement waits for a backoff.
"""

import logging
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ManagementUnavailableError, TenantError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.client import httpx
from auth0_sso.management.health import ManagementHealth
from auth0_sso.management.shared_token import SharedToken
from auth0_sso.management.token import ManagementToken
from auth0_sso.management.token_endpoint import ClientCredentials, Reread, TokenEndpoint, read_nothing
from auth0_sso.resilience.backoff import Backoff
from auth0_sso.resilience.outage import Outage
from auth0_sso.resilience.single_flight import SingleFlight

_log = logging.getLogger(__name__)

_FETCH_BACKOFF: Final = (1.0, 30.0)
"""MIN and MAX seconds between fetches that fail."""

_REPLACEMENT_BACKOFF: Final = (30.0, 3600.0)
"""MIN and MAX seconds between replacements that do not help."""

_AUTHENTICATED: Final = frozenset({403, 404, 409})
"""Error statuses that Auth0 sends only after it has accepted the token."""

_RENEWAL: Final = "renewal"


class ManagementTokenSource:
    """Gives the current token to any number of concurrent callers, who report how the API responded to it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        credentials: ClientCredentials,
        *,
        shared: SharedToken | None = None,
        reread: Reread = read_nothing,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
        outage: Outage | None = None,
    ) -> None:
        """Take the HTTP client, the tenant's URL with its trailing slash, and the client's credentials.

        With `shared` all processes use the same token; `reread` as in `TokenEndpoint`. `outage` begins when none can
        be fetched.
        """
        self._outage = Outage("management", observe) if outage is None else outage
        self._endpoint = TokenEndpoint(client, base_url, credentials, reread=reread, clock=clock, observe=observe)
        self._shared = shared
        self._clock = clock
        self._flight: SingleFlight[str, ManagementToken] = SingleFlight()
        self._token: ManagementToken | None = None
        self._replaced: str | None = None
        self._accepted = self._replacement_failed = False
        self._scopes_replaced: frozenset[str] | None = None
        self._failure: TenantError | None = None
        self._fetch_backoff = Backoff(*_FETCH_BACKOFF, clock=clock)
        self._rejection_backoff = Backoff(*_REPLACEMENT_BACKOFF, clock=clock)
        self._scope_backoff = Backoff(*_REPLACEMENT_BACKOFF, clock=clock)

    @property
    def health(self) -> ManagementHealth:
        """Whether our credentials, and the token that they gave, are accepted."""
        if self._failure is not None:
            unavailable = isinstance(self._failure, ManagementUnavailableError)
            return ManagementHealth("unavailable" if unavailable else "refused", self._failure.reason)
        if self._replacement_failed:
            return ManagementHealth("refused", "token_rejected")
        return ManagementHealth("unknown" if self._token is None else "up")

    async def current(self) -> ManagementToken:
        """Return a token that has not expired; one that is due for renewal is renewed in the background.

        Raises `ManagementUnavailableError`, `ManagementRefusedError` or `ManagementAnswerError` when there is none
        and none can be fetched.
        """
        now, token = self._clock.monotonic(), self._token
        if token is not None and now < token.renew_at:
            return token
        if token is not None and now < token.expires_at:
            if self._fetch_backoff.ready:
                self._flight.start(_RENEWAL, self._renew)
            return token
        if self._failure is not None and not self._fetch_backoff.ready:
            raise self._failure.with_traceback(None)
        return await self._flight.run(_RENEWAL, self._renew)

    async def grants_any(self, scopes: tuple[str, ...]) -> bool:
        """Return whether the token may have one of `scopes`; raises what `current` raises.

        A token without them is replaced, because the scope may have been granted in the meantime: after 30 seconds
        at the earliest, and after twice as long each time the new token has the same scopes, up to an hour.
        """
        token = await self.current()
        if not token.allows_any(scopes):
            if self._token is token and self._scope_backoff.ready and self._fetch_backoff.ready:
                self._replaced, self._scopes_replaced = token.text, token.scopes
                await self._flight.run(_RENEWAL, self._renew)
            token = await self.current()
        return token.allows_any(scopes)

    def record_status(
        self,
        status: int,
        token: ManagementToken,
        *,
        rejected: ManagementToken | None = None,
        request_id: str | None = None,
    ) -> None:
        """Record the status of a response to a request with `token`; a 401 drops the token.

        `rejected` is the token with which the same request was rejected before; `request_id` is Auth0's, for the log.
        """
        replaced = rejected is not None and rejected is not token
        if status == 401:
            self._record_rejection(token, replaced=replaced, request_id=request_id)
        elif status < 300 or status in _AUTHENTICATED:
            self._accepted = self._accepted or self._token is token
            if replaced:
                self._rejection_backoff.reset()

    def retry_now(self) -> None:
        """End the wait after a fetch that failed: there are other credentials."""
        self._fetch_backoff.reset()

    async def aclose(self) -> None:
        """Cancel a fetch in progress."""
        await self._flight.aclose()

    def _record_rejection(self, token: ManagementToken, *, replaced: bool, request_id: str | None) -> None:
        """Drop a rejected token, unless a new one would be rejected as well.

        Fifty callers may get a 401 for the same token: only the first of them drops it.
        """
        if self._token is not token:
            return
        if replaced:
            self._record_failed_replacement(request_id)
        elif self._may_replace():
            self._token, self._replaced = None, token.text

    def _record_failed_replacement(self, request_id: str | None) -> None:
        if not self._replacement_failed:
            self._replacement_failed = True
            wait = self._rejection_backoff.failed()
            said = "" if request_id is None else f" (request id {request_id})"
            _log.error(
                "the Management API rejects a new token as well%s; the next one is fetched in %.0f s", said, wait
            )

    def _may_replace(self) -> bool:
        """A token that was accepted before is replaced at once, unless replacing did not help twice in a row."""
        return self._rejection_backoff.ready or (self._accepted and self._rejection_backoff.failures < 2)

    async def _renew(self) -> ManagementToken:
        try:
            token = await self._fetch()
        except TenantError as error:
            self._failure = error
            wait = self._fetch_backoff.failed()
            self._outage.declare(error.reason, cause="token")
            said = error.reason if error.log_detail is None else f"{error.reason} ({error.log_detail})"
            _log.error("no Management API token: %s; next attempt in %.0f s at the earliest", said, wait)
            raise
        self._fetch_backoff.reset()
        self._failure = None
        self._outage.resolve(cause="token")
        self._compare_scopes(token)
        self._token, self._accepted, self._replacement_failed = token, False, False
        return token

    def _compare_scopes(self, token: ManagementToken) -> None:
        if self._scopes_replaced is not None and token.scopes == self._scopes_replaced:
            self._scope_backoff.failed()
        elif self._token is None or token.scopes != self._token.scopes:
            self._scope_backoff.reset()
        self._scopes_replaced = None

    async def _fetch(self) -> ManagementToken:
        if self._shared is None:
            return await self._endpoint.fetch()
        return await self._shared.get(self._endpoint.fetch, rejected=self._replaced)
