"""Errors as HTTP answers: one table from error to status, an RFC 9457 body, RFC 6750 and RFC 9110 headers.

The only place that knows statuses. A caller's fault is a 4xx, the tenant's a 502 or 503, ours a 500.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse

from auth0_sso.errors import (
    AuditUnavailableError,
    Auth0SsoError,
    CallerError,
    ClientQuotaError,
    ClientRefusedError,
    ConfigurationError,
    ConflictError,
    ExchangeRefusedError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDPoPProofError,
    InvalidInputError,
    InvalidLogoutTokenError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    ManagementAnswerError,
    ManagementNotConfiguredError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    MissingTokenError,
    NotFoundError,
    RateLimitedError,
    ShuttingDownError,
    StoreUnavailableError,
    TemporaryError,
    TenantError,
    TokenAnswerError,
    TokenUnavailableError,
    UnavailableError,
    UseDPoPNonceError,
)
from auth0_sso.web.problems.schema import Problem

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final[Mapping[type[Auth0SsoError], int]] = {
    Auth0SsoError: 500,
    ConfigurationError: 500,
    CallerError: 400,
    MissingTokenError: 401,
    InvalidRequestError: 400,
    InvalidTokenError: 401,
    InvalidDPoPProofError: 401,
    UseDPoPNonceError: 401,
    InsufficientUserAuthenticationError: 401,
    InvalidLogoutTokenError: 400,
    InsufficientScopeError: 403,
    ExchangeRefusedError: 403,
    InvalidInputError: 400,
    NotFoundError: 404,
    ConflictError: 409,
    RateLimitedError: 429,
    TemporaryError: 503,
    StoreUnavailableError: 503,
    AuditUnavailableError: 503,
    ShuttingDownError: 503,
    TenantError: 502,
    UnavailableError: 503,
    KeysUnavailableError: 503,
    TokenUnavailableError: 503,
    ClientQuotaError: 503,
    ClientRefusedError: 502,
    TokenAnswerError: 502,
    ManagementUnavailableError: 503,
    ManagementRateLimitedError: 503,
    ManagementRefusedError: 502,
    ManagementAnswerError: 502,
    ManagementNotConfiguredError: 503,
}

TITLES: Final[Mapping[int, str]] = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Content too large",
    422: "Unprocessable content",
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
}

CODES: Final = "x-problem-codes"
"""Under this name `problem_responses` notes which problems a response can be; `web.openapi` makes examples of it."""

INTERNAL_ERROR: Final = "Something failed on our side. Quote the request id when you report it."
INVALID_REQUEST: Final = "Some of what was sent is missing or malformed; see errors."
BODY_TOO_LONG: Final = "The body is longer than this service takes."

_CHALLENGE = ("WWW-Authenticate", "The challenge (RFC 6750 section 3).")
_WAIT = ("Retry-After", "Seconds after which a retry makes sense (RFC 9110 section 10.2.3).")
_HEADERS: Final[Mapping[int, tuple[str, str]]] = {401: _CHALLENGE, 403: _CHALLENGE, 429: _WAIT, 503: _WAIT}


def status_of(error: type[Auth0SsoError]) -> int:
    """Return the status of an error's class, or of its nearest base for one that an app added to the tree."""
    return next(STATUSES[base] for base in error.__mro__ if base in STATUSES)


def problem_responses(*problems: int | type[Auth0SsoError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of routes that answer these problems, by status or error, for the OpenAPI document."""
    codes: dict[int, list[str]] = {}
    for each in problems:
        status, named = (each, []) if isinstance(each, int) else (status_of(each), [each.code])
        codes.setdefault(status, []).extend(named)
    return {status: _problem_response(status, named) for status, named in codes.items()}


def _problem_response(status: int, codes: list[str]) -> dict[str, Any]:
    response: dict[str, Any] = {
        CODES: codes,
        "description": TITLES.get(status, "Error"),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in _HEADERS:
        name, description = _HEADERS[status]
        response["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return response


def internal_error(request_id: str) -> JSONResponse:
    """Return the answer to a fault of ours; what it was is in the log, under the request's id."""
    return problem(500, Auth0SsoError.code, INTERNAL_ERROR, request_id)


def bad_request(detail: str, request_id: str) -> JSONResponse:
    """Return the answer to a request that cannot be served as it is, before any route is asked."""
    return problem(400, "invalid_input", detail, request_id)


def problem(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    retry_after: int | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
    """Return the response of a problem; `retry_after` is in seconds."""
    body = problem_body(status, code, detail, request_id, retry_after=retry_after, errors=errors)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def problem_body(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    retry_after: int | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the JSON object of a problem (RFC 9457 section 3); `retry_after` is in seconds."""
    body = Problem.model_validate(
        {
            "title": TITLES.get(status, "Error"),
            "status": status,
            "code": code,
            "detail": detail,
            "requestId": request_id,
            "retryAfter": retry_after,
            "errors": errors,
        }
    )
    return body.model_dump(by_alias=True, exclude_none=True)
