"""From a request or WebSocket to its verified access token: once for each, however many guards ask."""

from typing import Final

from fastapi.requests import HTTPConnection
from starlette.types import Scope

from auth0_sso.errors import MissingTokenError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.authentication import authenticate
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.middleware.problem_handlers import add_handlers_below
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.services.services import Services

_NOT_PROTECTED: Final = (
    "This app has a guard and no auth0_sso: call auth0_sso.protect(app) where you make the app, or on the app it is "
    "mounted in."
)
_NO_LIFESPAN: Final = (
    "auth0_sso has not started: the app's lifespan has not run. In a test write `with TestClient(app) as client:`; "
    "around httpx.ASGITransport(app), `async with app.router.lifespan_context(app):`. Starlette does not run the "
    "lifespan of a mounted app: call protect on the outermost app instead."
)


def services_of(connection: HTTPConnection) -> Services:
    """Return what the nearest protected app works with: that of the route, or one it is mounted in."""
    return services_in(RequestContext.of(connection.scope), connection.scope)


def services_in(context: RequestContext, scope: Scope) -> Services:
    """Return the same, given the context of the request."""
    services = context.services
    if services is None:
        raise RuntimeError(_NO_LIFESPAN if context.protected else _NOT_PROTECTED)
    if context.app is not None and context.app is not scope["app"]:
        add_handlers_below(scope, context.app)
    return services


async def tenant_services_of(connection: HTTPConnection) -> Services:
    """Return the same for the tenant that issued the request's token, which is verified first.

    For a request without a token, that of AUTH0_DOMAIN. Raises what a guard raises for a token that is refused.
    """
    services = services_of(connection)
    if not services.others:
        return services
    try:
        return services.of(await verified_token(connection))
    except MissingTokenError:
        return services


def credentials_of(connection: HTTPConnection) -> tuple[bytes, ...]:
    """Return the values of all Authorization headers, and of what stands for one in a browser's WebSocket."""
    context = RequestContext.of(connection.scope)
    return _find_credentials(context, connection.scope) if context.credentials is None else context.credentials


async def verified_token(connection: HTTPConnection) -> AccessToken:
    """Return the access token; a failure counts against the address it came from."""
    return await verified_token_in(RequestContext.of(connection.scope), connection.scope)


async def verified_token_in(context: RequestContext, scope: Scope) -> AccessToken:
    """Return the same, given the context of the request."""
    if context.token is not None:
        return context.token
    services = services_in(context, scope)
    credentials = context.credentials
    if credentials is None:
        credentials = _find_credentials(context, scope)
    token = await authenticate(scope, services, credentials, context.answer_headers)
    if scope["type"] == "websocket":
        _close_at_its_end(context, services, token)
    context.token = token
    if services.others:
        context.services = services.of(token)
    return token


def _find_credentials(context: RequestContext, scope: Scope) -> tuple[bytes, ...]:
    socket = context.socket
    if socket is not None and not services_in(context, scope).subprotocol_tokens:
        socket = None
    context.credentials = credentials = find_credentials(scope, socket)
    return credentials


def _close_at_its_end(context: RequestContext, services: Services, token: AccessToken) -> None:
    if context.socket is None:  # nothing here could close it
        raise RuntimeError(_NOT_PROTECTED)
    context.socket.close_at(services.verifier.end_of(token), services.clock)
    context.socket.close_when_revoked(token, services.deny_list)
