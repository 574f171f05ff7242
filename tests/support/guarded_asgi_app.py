"""An ASGI app behind an `Auth0Guard`, with the roles of the token and no Management API, and what the app saw."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.asgi import Auth0Guard, ResourceMetadata, Rule, token_of
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import own_settings
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant
from support.token_cases import NOW


@dataclass
class SeenApp:
    """Answers each request with its path and accepts each WebSocket; notes their scopes."""

    scopes: list[Scope] = field(default_factory=list)
    app: object = None
    """What it is the middleware of."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-app", b"seen")]})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    @property
    def subjects(self) -> list[str]:
        return [token_of(scope).subject for scope in self.scopes]


@asynccontextmanager
async def guarded(
    app: ASGIApp,
    *rules: Rule,
    issuer: Issuer,
    clock: HandClock,
    tenant: ScriptedTenant | None = None,
    resource_metadata: ResourceMetadata | None = None,
    **changes: object,
) -> AsyncIterator[Auth0Guard]:
    """Put a guard in front of the app and run it; without `tenant` there is one with the key key-0."""
    if tenant is None:
        tenant = ScriptedTenant()
        KeyPages(tenant, issuer).show("key-0")
    guard = Auth0Guard(
        app,
        *rules,
        settings=own_settings(**changes),
        clock=clock,
        transport=httpx.ASGITransport(tenant),
        resource_metadata=resource_metadata,
    )
    async with guard.running():
        await clock.settle()
        yield guard


def bearer(issuer: Issuer, **claims: object) -> list[tuple[bytes, bytes]]:
    """Return the header with a good token, issued when the tests' clock starts, with these claims."""
    return [(b"authorization", f"Bearer {issuer.token(user_claims(NOW, **claims))}".encode())]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: each header by its lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(
    app: ASGIApp,
    target: str,
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    **scope: Any,  # noqa: ANN401 - what a server may put into a scope
) -> Answer:
    """Send a request as a server does: the target's bytes as they are, which a client would normalize."""
    sent: list[Message] = []

    body: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not body:
            await asyncio.Event().wait()  # the client stays
        return body.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    raw = target.encode("latin-1")
    root_path = scope.get("root_path", "")
    request = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": root_path + unquote(target),
        "raw_path": root_path.encode() + raw,
        "query_string": b"",
        "root_path": root_path,
        "headers": [(b"host", b"api.example.com"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("api.example.com", 443),
        "state": {},
    }
    await app(request | scope, receive, send)
    start = sent[0]
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, content)
