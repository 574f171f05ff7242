"""From a request or WebSocket to its verified access token: once for each, however many guards ask."""

from typing import Final

from fastapi.requests import HTTPConnection

from auth0_sso.errors import (
    CallerError,
    InvalidRequestError,
    InvalidTokenError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.callers import address_of
from auth0_sso.web.middleware.guarded_socket import BEARER_SUBPROTOCOL, GuardedSocket
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
    context = RequestContext.of(connection.scope)
    services = context.services
    if services is None:
        raise RuntimeError(_NO_LIFESPAN if context.protected else _NOT_PROTECTED)
    if context.app is not None and context.app is not connection.scope["app"]:
        add_handlers_below(connection.scope, context.app)
    return services


def credentials_of(connection: HTTPConnection) -> tuple[bytes, ...]:
    """Return the values of all Authorization headers, and of what stands for one in a browser's WebSocket."""
    context = RequestContext.of(connection.scope)
    if context.credentials is None:
        values = tuple([value for name, value in connection.scope["headers"] if name == b"authorization"])
        if context.socket is not None and services_of(connection).subprotocol_tokens:
            values += _credentials_of_subprotocol(context.socket, connection)
        context.credentials = values
    return context.credentials


async def verified_token(connection: HTTPConnection) -> AccessToken:
    """Return the access token; a failure counts against the address it came from."""
    context = RequestContext.of(connection.scope)
    if context.token is not None:
        return context.token
    services = services_of(connection)
    try:
        token = await services.verifier.verify(read_bearer_token(credentials_of(connection)))
    except (InvalidRequestError, InvalidTokenError) as error:
        await _count_failure(connection, services, error)
        raise
    if connection.scope["type"] == "websocket":
        _close_at_expiry(context, services, token)
    context.token = token
    return token


def _credentials_of_subprotocol(socket: GuardedSocket, connection: HTTPConnection) -> tuple[bytes, ...]:
    """Take the token that follows `bearer` out of the subprotocols (RFC 6455 section 4.1), so that no app accepts it.

    Browsers let a script set no other header of a WebSocket's handshake.
    """
    offered: list[str] = connection.scope.get("subprotocols", [])
    if BEARER_SUBPROTOCOL not in offered:
        return ()
    place = offered.index(BEARER_SUBPROTOCOL)
    token = "".join(offered[place + 1 : place + 2])
    connection.scope["subprotocols"] = rest = offered[:place] + offered[place + 2 :]
    socket.hide_token(tuple(rest))
    return (b"Bearer " + token.encode("ascii", "replace"),)


def _close_at_expiry(context: RequestContext, services: Services, token: AccessToken) -> None:
    if context.socket is None:  # nothing here could close it
        raise RuntimeError(_NOT_PROTECTED)
    context.socket.close_at(services.verifier.end_of(token), services.clock)


async def _count_failure(connection: HTTPConnection, services: Services, error: CallerError) -> None:
    """Answer 429 instead of 401 where an address fails too often. Requests that do not fail are never refused.

    An expired token was a good one: its client must get the 401 to renew it, even behind a shared address.
    """
    if services.auth_failure_limit is None or error.reason == "expired":
        return
    try:
        result = await services.counts.hit(
            services.auth_failure_limit, "failed authentications", address_of(connection.scope)
        )
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not result.allowed:
        raise RateLimitedError(retry_after=result.retry_after, reason="authentication_failures") from error
