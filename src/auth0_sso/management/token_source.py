"""The access token of the Management API (Auth0: "Management API access tokens for production").

It is a token as any other API's, whose failures are errors of the Management API.
"""

from auth0_sso.errors import (
    ClientRefusedError,
    ManagementAnswerError,
    ManagementRefusedError,
    ManagementUnavailableError,
    TenantError,
    TokenAnswerError,
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
    match error:
        case TokenUnavailableError(reason=reason):
            return ManagementUnavailableError(reason, retry_after=error.retry_after)
        case ClientRefusedError(reason=reason):
            return ManagementRefusedError(reason)
        case TokenAnswerError(reason=reason):
            return ManagementAnswerError(reason)
        case _:
            return error
