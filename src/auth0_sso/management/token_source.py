"""The access token of the Management API (Auth0: "Management API access tokens for production").

It is a token as any other API's, whose failures are errors of the Management API.
"""

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import (
    ClientRefusedError,
    ManagementAnswerError,
    ManagementRefusedError,
    ManagementUnavailableError,
    TenantError,
    TokenUnavailableError,
)
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.client import httpx
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.oauth.token_endpoint import Reread, TokenRequest, read_nothing
from auth0_sso.oauth.token_source import AccessTokenSource
from auth0_sso.resilience.outage import Outage


class ManagementTokenSource(AccessTokenSource):
    """Gives the current token of the Management API, and raises `Management...` errors."""

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
        """Take the same as `AccessTokenSource`."""
        outage = Outage("management", observe) if outage is None else outage
        super().__init__(
            client, base_url, request, shared=shared, reread=reread, clock=clock, observe=observe, outage=outage
        )
        self._api = "Management API"

    def _as_raised(self, error: TenantError) -> TenantError:
        """Return a failure of the token endpoint as one of the Management API."""
        raised = _management_error(error)
        raised.answer, raised.log_detail = error.answer, error.log_detail
        return raised


def _management_error(error: TenantError) -> TenantError:
    if isinstance(error, TokenUnavailableError):
        return ManagementUnavailableError(error.reason, retry_after=error.retry_after)
    if isinstance(error, ClientRefusedError):
        return ManagementRefusedError(error.reason)
    return ManagementAnswerError(error.reason)  # of a `TokenAnswerError`: there is no other
