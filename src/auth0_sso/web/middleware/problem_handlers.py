"""The exception handlers: this package's errors as problems (RFC 9457) and, for an app that asks, all others too."""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope
from starlette.websockets import WebSocket

from auth0_sso.errors import Auth0SsoError
from auth0_sso.events import RequestRefused
from auth0_sso.tokens.bearer import BEARER_ONLY, schemes_used
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.middleware.access_log import refusal_words
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.middleware.trace_context import trace_id_for
from auth0_sso.web.middleware.websockets import refuse_websocket
from auth0_sso.web.problems.error_response import error_response
from auth0_sso.web.problems.problems import INVALID_REQUEST, internal_error, problem
from auth0_sso.web.resource_metadata import RESOURCE, Resource

_FRAMEWORK_CODES: Final[Mapping[int, str]] = {
    400: "invalid_input",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
}


def add_error_handler(app: FastAPI) -> None:
    """Make an app answer `Auth0SsoError` as a problem, unless it has a handler for it."""
    if Auth0SsoError not in app.exception_handlers:
        app.add_exception_handler(Auth0SsoError, _answer_error)  # type: ignore[arg-type]  # typed for one kind of connection, called for both


def add_handlers_below(scope: Scope, protected: FastAPI) -> None:
    """Make an app that is mounted below a protected one answer this package's errors as that does.

    An app with a handler of its own for `Auth0SsoError` keeps it. Starlette looks for a handler in the mounted app
    alone, and answers 500 without one. It takes the handlers of an app from its scope as a route begins, so only what
    is put into that dictionary is found.
    """
    handlers, _ = scope["starlette.exception_handlers"]
    if Auth0SsoError in handlers:
        return
    for error, handler in protected.exception_handlers.items():
        if isinstance(error, type) and issubclass(error, Auth0SsoError):
            handlers.setdefault(error, handler)


def add_problem_handlers(app: FastAPI) -> None:
    """Make an app answer this package's errors, and FastAPI's own, as problems."""
    app.add_exception_handler(Auth0SsoError, _answer_error)  # type: ignore[arg-type]  # typed for one kind of connection, called for both
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def add_internal_error_handler(app: FastAPI) -> None:
    """Make an app answer any other exception as a problem. Starlette raises it again after that, for the server."""
    app.add_exception_handler(Exception, _answer_exception)


def answers_validation(app: FastAPI) -> bool:
    """Whether an app answers `RequestValidationError` as a problem."""
    return app.exception_handlers.get(RequestValidationError) is _answer_invalid_request


def observe_refusal(connection: HTTPConnection, error: Auth0SsoError) -> None:
    """Let the log, the metrics and the audit trail know why a request was refused.

    For an app's own handler of `Auth0SsoError`, which is called instead of ours.
    """
    scope = connection.scope
    context = RequestContext.of(scope)
    context.refusal = refusal_words(error)
    services = context.services
    if services is None:
        return
    services.observe(
        RequestRefused(
            scope,
            error,
            caller=context.token,
            route=route_path(scope),
            request_id=context.request_id,
            trace_id=trace_id_for(scope),
            tenant=services.tenant,
        )
    )


async def _answer_error(request: Request | WebSocket, error: Exception) -> Response | None:
    assert isinstance(error, Auth0SsoError)  # noqa: S101 - narrows what add_exception_handler cannot type
    observe_refusal(request, error)
    context = RequestContext.of(request.scope)
    offered = BEARER_ONLY if context.services is None else context.services.schemes
    used = schemes_used(find_credentials(request.scope))
    resource: Resource | None = getattr(getattr(context.app, "state", None), RESOURCE, None)
    metadata, scopes = ("", ()) if resource is None else resource.challenge(request.scope)
    response = error_response(
        error, context.request_id, offered=offered, used=used, resource_metadata=metadata, scope=scopes
    )
    return await refuse_websocket(request, error, response) if isinstance(request, WebSocket) else response


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows what add_exception_handler cannot type
    # Where and what, never the input: it may hold a password.
    faults = [{"at": [str(part) for part in fault["loc"]], "message": fault["msg"]} for fault in error.errors()]
    return problem(422, "invalid_input", INVALID_REQUEST, RequestContext.of(request.scope).request_id, errors=faults)


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows what add_exception_handler cannot type
    return problem(
        error.status_code,
        _FRAMEWORK_CODES.get(error.status_code, "http_error"),
        str(error.detail),
        RequestContext.of(request.scope).request_id,
        headers=error.headers,
    )


async def _answer_exception(request: Request, _: Exception) -> JSONResponse:
    return internal_error(RequestContext.of(request.scope).request_id)
