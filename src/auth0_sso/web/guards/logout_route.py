"""The route that Auth0 sends logout tokens to (OpenID Connect Back-Channel Logout 1.0)."""

from typing import Final

from fastapi import APIRouter, Request, Response

from auth0_sso.errors import NotFoundError
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.bounded_body import bounded_body
from auth0_sso.web.guards.public_routes import public_route

PATH: Final = "/backchannel-logout"
_NO_STORE: Final = {"Cache-Control": "no-store"}  # section 2.8


def logout_router(path: str = PATH) -> APIRouter:
    """Return a router with one route, `POST {path}`: an app's Back-Channel Logout URI at Auth0.

    It takes logout tokens for the clients of AUTH0_BACKCHANNEL_LOGOUT_CLIENTS; without these it answers 404. The
    OpenAPI document does not show it: its only caller is Auth0.
    """
    router = APIRouter()
    router.add_api_route(
        path, end_session, methods=["POST"], include_in_schema=False, name="backchannel_logout", response_model=None
    )
    return router


@public_route
async def end_session(request: Request) -> Response:
    """Refuse the access tokens of the session that a logout token names."""
    logout = services_of(request).logout
    if logout is None:
        raise NotFoundError("There is nothing at this path.", reason="logout_clients_missing")
    await logout.log_out(request.headers.get("content-type", ""), await bounded_body(request))
    return Response(status_code=200, headers=_NO_STORE)
