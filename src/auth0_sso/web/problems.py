"""Errors as HTTP answers: one table from error to status, an RFC 9457 body, RFC 6750 and RFC 9110 headers.

The only place that knows statuses. A caller's fault is a 4xx, the tenant's a 502 or 503, ours a 500.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope
from starlette.websockets import WebSocket

from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    ConfigurationError,
    ConflictError,
    InsufficientScopeError,
    InvalidInputError,
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
    UnavailableError,
)
from auth0_sso.tokens.bearer import challenge
from auth0_sso.web.problem_schema import Problem
from auth0_sso.web.request_context import RequestContext
from auth0_sso.web.websockets import refuse_websocket

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final[Mapping[type[Auth0SsoError], int]] = {
    Auth0SsoError: 500,
    ConfigurationError: 500,
    CallerError: 400,
    MissingTokenError: 401,
    InvalidRequestError: 400,
    InvalidTokenError: 401,
    InsufficientScopeError: 403,
    InvalidInputError: 400,
    NotFoundError: 404,
    ConflictError: 409,
    RateLimitedError: 429,
    TemporaryError: 503,
    StoreUnavailableError: 503,
    ShuttingDownError: 503,
    TenantError: 502,
    UnavailableError: 503,
    KeysUnavailableError: 503,
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

_FRAMEWORK_CODES: Final[Mapping[int, str]] = {
    400: "invalid_input",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
}


def status_of(error: type[Auth0SsoError]) -> int:
    """Return the status of an error's class, or of its nearest base for one that an app added to the tree."""
    return next(STATUSES[base] for base in error.__mro__ if base in STATUSES)


def add_problem_handlers(app: FastAPI) -> None:
    """Make an app answer this package's errors, and FastAPI's own, as problems (RFC 9457)."""
    app.add_exception_handler(Auth0SsoError, _answer_error)  # type: ignore[arg-type]  # typed for one kind of connection, called for both
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def add_problem_handler_below(scope: Scope) -> None:
    """Make an app that is mounted below a protected one answer this package's errors, unless it has its own handler.

    Starlette looks for a handler in the mounted app alone, and answers 500 without one. It takes the handlers of an
    app from its scope as a route begins, so only what is put into that very dictionary is found.
    """
    handlers, _ = scope["starlette.exception_handlers"]
    handlers.setdefault(Auth0SsoError, _answer_error)


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
    return _problem(500, Auth0SsoError.code, INTERNAL_ERROR, request_id)


def bad_request(detail: str, request_id: str) -> JSONResponse:
    """Return the answer to a request that cannot be served as it is, before any route is asked."""
    return _problem(400, "invalid_input", detail, request_id)


async def _answer_error(request: Request | WebSocket, error: Exception) -> Response | None:
    assert isinstance(error, Auth0SsoError)  # noqa: S101 - narrows what add_exception_handler cannot type
    context = RequestContext.of(request.scope)
    context.refusal = error.reason
    if context.services is not None:
        context.services.metrics.count_refusal(error)
    headers: dict[str, str] = {}
    if (value := challenge(error)) is not None:
        headers["WWW-Authenticate"] = value
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    response = _problem(
        status_of(type(error)),
        error.code,
        error.detail,
        context.request_id,
        headers=headers,
        retry_after=error.retry_after,
    )
    return await refuse_websocket(request, error, response) if isinstance(request, WebSocket) else response


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows what add_exception_handler cannot type
    # Where and what, never the input: it may hold a password.
    faults = [{"at": [str(part) for part in fault["loc"]], "message": fault["msg"]} for fault in error.errors()]
    return _problem(422, "invalid_input", INVALID_REQUEST, RequestContext.of(request.scope).request_id, errors=faults)


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows what add_exception_handler cannot type
    return _problem(
        error.status_code,
        _FRAMEWORK_CODES.get(error.status_code, "http_error"),
        str(error.detail),
        RequestContext.of(request.scope).request_id,
        headers=error.headers,
    )


def _problem(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    retry_after: int | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
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
