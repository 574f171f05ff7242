"""An access token of our own for one API: fetched when needed, renewed in the background, replaced when rejected.

Client credentials (RFC 6749 section 4.4). Auth0 counts and
bills machine tokens, so concurrent callers share one (single flight), and it is used until shortly before it expires.
A rejected token is replaced once: if the API rejects the new one as well, the next replacement waits for a backoff.
"""

import logging
from typing import ClassVar, Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ClientQuotaError, TenantError, UnavailableError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.client import httpx
from auth0_sso.oauth.health import ApiHealth
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.oauth.token_endpoint import Reread, TokenEndpoint, TokenRequest, read_nothing
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


class AccessTokenSource:
    """Gives the current token to any number of concurrent callers, who report how the API responded to it."""

    NAME: ClassVar[str] = ""
    """What the log calls the API; its audience where this is empty."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        request: TokenRequest,
        *,
        shared: SharedToken | None = None,
        reread: Reread = read_nothing,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
        outage: Outage | None = None,
    ) -> None:
        """Take the HTTP client, the tenant's URL with its trailing slash, and the request for tokens.

        With `shared` all processes use the same token; `reread` as in `TokenEndpoint`. `outage` begins when none can
        be fetched.
        """
        self._outage = outage
        self._endpoint = TokenEndpoint(
            client, base_url, request.client_id, request.proofs, reread=reread, clock=clock, observe=observe
        )
        self._grant = request.grant
        self._shared = shared
        self._clock = clock
        self._api = self.NAME or request.audience
        self._flight: SingleFlight[str, IssuedToken] = SingleFlight()
        self._token: IssuedToken | None = None
        self._replaced: str | None = None
        self._accepted = self._replacement_failed = False
        self._scopes_replaced: frozenset[str] | None = None
        self._failure: TenantError | None = None
        self._told_to_wait_until = 0.0
        self._fetch_backoff = Backoff(*_FETCH_BACKOFF, clock=clock)
        self._rejection_backoff = Backoff(*_REPLACEMENT_BACKOFF, clock=clock)
        self._scope_backoff = Backoff(*_REPLACEMENT_BACKOFF, clock=clock)

    @property
    def health(self) -> ApiHealth:
        """Whether our credentials, and the token that they gave, are accepted."""
        if self._failure is not None:
            unavailable = isinstance(self._failure, UnavailableError)
            return ApiHealth("unavailable" if unavailable else "refused", self._failure.reason)
        if self._replacement_failed:
            return ApiHealth("refused", "token_rejected")
        return ApiHealth("unknown" if self._token is None else "up")

    @property
    def _may_fetch(self) -> bool:
        return self._fetch_backoff.ready and self._clock.monotonic() >= self._told_to_wait_until

    async def current(self) -> IssuedToken:
        """Return a token that has not expired; one that is due for renewal is renewed in the background.

        Raises `TokenUnavailableError`, `ClientQuotaError`, `ClientRefusedError` or `TokenAnswerError` when there is
        none and none can be fetched.
        """
        now, token = self._clock.monotonic(), self._token
        if token is not None and now < token.renew_at:
            return token
        if token is not None and now < token.expires_at:
            if self._may_fetch:
                self._flight.start(_RENEWAL, self._renew)
            return token
        if self._failure is not None and not self._may_fetch:
            raise self._failure.with_traceback(None)
        return await self._flight.run(_RENEWAL, self._renew)

    async def grants_any(self, scopes: tuple[str, ...]) -> bool:
        """Return whether the token may have one of `scopes`; raises what `current` raises.

        A token without them is replaced, because the scope may have been granted in the meantime: after 30 seconds
        at the earliest, and after twice as long each time the new token has the same scopes, up to an hour.
        """
        token = await self.current()
        if not token.allows_any(scopes):
            if self._token is token and self._scope_backoff.ready and self._may_fetch:
                self._replaced, self._scopes_replaced = token.text, token.scopes
                await self._flight.run(_RENEWAL, self._renew)
            token = await self.current()
        return token.allows_any(scopes)

    def record_status(
        self,
        status: int,
        token: IssuedToken,
        *,
        rejected: IssuedToken | None = None,
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
        self._told_to_wait_until = 0.0

    async def aclose(self) -> None:
        """Cancel a fetch in progress."""
        await self._flight.aclose()

    def _record_rejection(self, token: IssuedToken, *, replaced: bool, request_id: str | None) -> None:
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
                "the %s rejects a new token as well%s; the next one is fetched in %.0f s", self._api, said, wait
            )

    def _may_replace(self) -> bool:
        """A token that was accepted before is replaced at once, unless replacing did not help twice in a row."""
        return self._rejection_backoff.ready or (self._accepted and self._rejection_backoff.failures < 2)

    async def _renew(self) -> IssuedToken:
        try:
            token = await self._fetch()
        except TenantError as error:
            self._failure = failure = self._as_raised(error)
            wait = self._note_wait(error)
            self._declare(failure)
            said = error.reason if error.log_detail is None else f"{error.reason} ({error.log_detail})"
            _log.error("no %s token: %s; next attempt in %.0f s at the earliest", self._api, said, wait)
            raise failure from None
        self._fetch_backoff.reset()
        self._failure = None
        if self._outage is not None:
            self._outage.resolve(cause="token")
        self._compare_scopes(token)
        self._token, self._accepted, self._replacement_failed = token, False, False
        return token

    def _compare_scopes(self, token: IssuedToken) -> None:
        if self._scopes_replaced is not None and token.scopes == self._scopes_replaced:
            self._scope_backoff.failed()
        elif self._token is None or token.scopes != self._token.scopes:
            self._scope_backoff.reset()
        self._scopes_replaced = None

    async def _fetch(self) -> IssuedToken:
        if self._shared is None:
            return await self._request()
        return await self._shared.get(self._request, rejected=self._replaced)

    async def _request(self) -> IssuedToken:
        return await self._endpoint.fetch(self._grant)

    def _as_raised(self, error: TenantError) -> TenantError:
        """Return what is raised for a fetch that failed."""
        return error

    def _declare(self, failure: TenantError) -> None:
        if self._outage is not None:
            self._outage.declare(failure.reason, cause="token")

    def _note_wait(self, error: TenantError) -> float:
        """Return the seconds until the next fetch: those of the backoff, or more where Auth0 says so."""
        wait = self._fetch_backoff.failed()
        if not isinstance(error, ClientQuotaError):
            return wait
        self._told_to_wait_until = self._clock.monotonic() + error.retry_after
        return max(wait, error.retry_after)
