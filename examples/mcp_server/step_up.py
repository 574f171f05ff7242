"""Step-up by scope: the call of a tool whose scope the token lacks is answered with a challenge for that scope.

The challenge is an HTTP response, which a tool cannot give: so the call is read before the SDK reads it. The client
then asks for the scope and calls again. The tool itself checks the scope as well, and what it says counts.
"""

import json
import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.asgi import token_of

MAX_BYTES = 1024 * 1024


class StepUp:
    """Behind an `Auth0Guard`, in front of the app of an MCP server."""

    def __init__(self, app: ASGIApp, scopes: Mapping[str, str]) -> None:
        """Take the app, and the scope of each tool that needs one."""
        self.app = app
        self.scopes = scopes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = b""
        async for chunk in Request(scope, receive).stream():
            body += chunk
            if len(body) > MAX_BYTES:
                await JSONResponse({"error": "the message is too large"}, 413)(scope, receive, send)
                return
        wanted = {self.scopes[name] for name in called_tools(body) if name in self.scopes} - token_of(scope).scopes
        if wanted:
            headers = {"WWW-Authenticate": challenge(wanted)}
            await JSONResponse({"error": "insufficient_scope"}, 403, headers)(scope, receive, send)
            return
        await self.app(scope, repeated(body, receive), send)


def called_tools(body: bytes) -> Iterator[str]:
    """Yield the name of the tool that a JSON-RPC message calls, if it calls one."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return  # the SDK answers it
    match message:
        case {"method": "tools/call", "params": {"name": str(name)}}:
            yield name


def challenge(wanted: set[str]) -> str:
    """Return the challenge for more scopes (RFC 6750 section 3.1), with the server's metadata (RFC 9728)."""
    url = urlsplit(os.environ["PUBLIC_URL"])
    metadata = f"{url.scheme}://{url.netloc}/.well-known/oauth-protected-resource{url.path}"
    scope = " ".join(sorted(wanted))
    return f'Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}"'


def repeated(body: bytes, receive: Receive) -> Receive:
    """Return what gives the app the body that was read, and then what comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again
