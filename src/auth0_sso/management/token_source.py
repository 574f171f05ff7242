"""The access token of the Management API (Auth0: "Management API access tokens for production").

It is a token as any other API's, whose failures are errors of the Management API.
"""

from auth0_sso.errors import (
    ClientRefusedError,
    ManagementAnswerError,
    ManagementRefusedError,
    ManagementUnavailableError,
    TenantError,
    TokenUnavailableError,
)
from auth0_sso.oauth.token_source import AccessTokenSource


class ManagementTokenSource(AccessTokenSource):
    """Gives the current token of the Management API, and raises `Management...` errors."""

    NAME = "Management API"

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
