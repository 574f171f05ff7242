"""The response to a request or WebSocket that does not pass: the problem and challenge of the FastAPI guards."""

import logging
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from starlette.types import Receive, Scope, Send

from auth0_sso.asgi.admission import Headers, refused_caller
from auth0_sso.asgi.resource import GuardedResource
from auth0_sso.asgi.rule import Rule
from auth0_sso.errors import Auth0SsoError
from auth0_sso.events import RequestRefused
from auth0_sso.tokens.bearer import schemes_used
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.middleware.access_log import refusal_words
from auth0_sso.web.problems.error_response import error_response
from auth0_sso.web.services.services import Services
from auth0_sso.web.websockets.refusals import close_of, takes_response

_log = logging.getLogger("auth0_sso.access")

_MAX_METHOD: Final = 16


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not pass, the rule it is under where one was found, and the headers of the response.

    `resource` has metadata that the challenge names.
    """

    error: Auth0SsoError
    rule: Rule | None
    headers: Headers
    resource: GuardedResource | None = None


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal, services: Services) -> None:
    """Log and observe a refusal, and answer a request or a WebSocket's handshake with the problem of an error.

    Where the server cannot answer a handshake with a response, the WebSocket is closed (RFC 6455; ASGI: WebSocket
    denial response).
    """
    error, request_id = refusal.error, token_hex(16)
    _log_refused(scope, refusal.rule, error)
    route = None if refusal.rule is None else refusal.rule.path
    caller = refused_caller(scope)
    tenant = "" if caller is None else services.of(caller).tenant
    services.observe(RequestRefused(scope, error, caller=caller, route=route, request_id=request_id, tenant=tenant))
    used = schemes_used(find_credentials(scope))
    metadata, scopes = ("", ()) if refusal.resource is None else refusal.resource.challenge(refusal.rule)
    response = error_response(
        error, request_id, offered=services.schemes, used=used, resource_metadata=metadata, scope=scopes
    )
    response.raw_headers += refusal.headers
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    if takes_response(scope):
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", **close_of(error)._asdict()})


def _log_refused(scope: Scope, rule: Rule | None, error: Auth0SsoError) -> None:
    """Log why a request was refused, with the path of its rule: the request's own may name a user."""
    path = "" if rule is None else rule.path.rstrip("/")
    _log.info("%s %s/* refused: %s", scope.get("method", "WEBSOCKET")[:_MAX_METHOD], path, refusal_words(error))
