"""The route that Auth0's Event Streams send events to (Auth0: "Create an event stream", webhook)."""

from typing import Final

from fastapi import APIRouter, Request, Response

from auth0_sso.errors import NotFoundError
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.bounded_body import bounded_body
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.services.auth0_events import event_stream

PATH: Final = "/auth0-events"


def events_router(path: str = PATH) -> APIRouter:
    """Return a router with one route, `POST {path}`: the webhook of an event stream at Auth0.

    Its bearer token is AUTH0_EVENTS_TOKEN; without the setting it answers 404. The OpenAPI document does not show it:
    its only caller is Auth0.
    """
    router = APIRouter()
    router.add_api_route(
        path, take_event, methods=["POST"], include_in_schema=False, name="auth0_events", response_model=None
    )
    return router


@public_route
async def take_event(request: Request) -> Response:
    """Carry out an event, or ignore it."""
    streams = services_of(request).events
    if not streams:
        raise NotFoundError("There is nothing at this path.", reason="events_token_missing")
    stream = event_stream(streams, find_credentials(request.scope))
    await stream.take(await bounded_body(request))
    return Response(status_code=204)
