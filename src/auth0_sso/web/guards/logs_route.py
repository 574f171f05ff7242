"""The route that Auth0's Log Streams send to (Auth0: "Create Custom Log Streams Using Webhooks")."""

from typing import Final

from fastapi import APIRouter, Request, Response

from auth0_sso.errors import NotFoundError
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.bounded_body import bounded_body
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.services.auth0_logs import require_log_stream

PATH: Final = "/auth0-logs"

MAX_BYTES: Final = 1024 * 1024
"""Of a request with many events, some KiB each."""


def logs_router(path: str = PATH) -> APIRouter:
    """Return a router with one route, `POST {path}`: the webhook of a log stream at Auth0.

    Its bearer token is AUTH0_LOGS_TOKEN; without the setting it answers 404. The OpenAPI document does not show it:
    its only caller is Auth0.
    """
    router = APIRouter()
    router.add_api_route(
        path, take_logs, methods=["POST"], include_in_schema=False, name="auth0_logs", response_model=None
    )
    return router


@public_route
async def take_logs(request: Request) -> Response:
    """Count events."""
    logs = services_of(request).logs
    if logs is None:
        raise NotFoundError("There is nothing at this path.", reason="logs_token_missing")
    require_log_stream(logs, find_credentials(request.scope))
    RequestContext.of(request.scope).max_body_bytes = MAX_BYTES
    logs.take(await bounded_body(request, MAX_BYTES))
    return Response(status_code=204)
