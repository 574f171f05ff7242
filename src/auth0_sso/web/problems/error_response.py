"""The response to an error of this package: its status, a challenge (RFC 6750), Retry-After (RFC 9110), a problem."""

from collections.abc import Sequence

from starlette.responses import JSONResponse

from auth0_sso.errors import Auth0SsoError
from auth0_sso.tokens.bearer import BEARER_ONLY, Scheme, challenge
from auth0_sso.web.problems.problems import problem, status_of


def error_response(
    error: Auth0SsoError,
    request_id: str,
    *,
    offered: Sequence[Scheme] = BEARER_ONLY,
    used: Sequence[Scheme] = BEARER_ONLY,
    resource_metadata: str = "",
    scope: Sequence[str] = (),
) -> JSONResponse:
    """Return the response to a request that ends in this error; the other arguments are those of `challenge`."""
    headers: dict[str, str] = {}
    if (value := challenge(error, offered, used, resource_metadata=resource_metadata, scope=scope)) is not None:
        headers["WWW-Authenticate"] = value
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return problem(
        status_of(type(error)),
        error.code,
        error.detail,
        request_id,
        headers=headers,
        retry_after=error.retry_after,
    )
