"""A tenant that says what a test told it to say, over ASGI: no socket, no logic, nothing shared with its asker."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from starlette.types import Receive, Scope, Send

from auth0_sso.testing.issuer import ISSUER

DISCOVERY = "GET /.well-known/openid-configuration"
JWKS = "GET /.well-known/jwks.json"
TOKEN = "POST /oauth/token"


@dataclass(frozen=True, slots=True)
class Reply:
    """One prepared answer; with a gate it is held back until the gate is set."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came, its path undecoded."""

    line: str
    query: str
    headers: httpx.Headers
    body: bytes
    at: float

    def json(self) -> object:
        return json.loads(self.body)


def json_reply(
    value: object, status: int = 200, headers: dict[str, str] | None = None, *, gate: asyncio.Event | None = None
) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | (headers or {}), gate)


def discovery_reply(changes: Mapping[str, object] | None = None, *, gate: asyncio.Event | None = None) -> Reply:
    """Return the issuer's metadata with some members changed; `...` takes one away."""
    metadata = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}.well-known/jwks.json"} | dict(changes or {})
    return json_reply({name: value for name, value in metadata.items() if value is not ...}, gate=gate)


def token_reply(
    token: str, *, scope: str | None = None, expires_in: float = 86_400, gate: asyncio.Event | None = None
) -> Reply:
    answer: dict[str, object] = {"access_token": token, "expires_in": expires_in, "token_type": "Bearer"}
    return json_reply(answer if scope is None else answer | {"scope": scope}, gate=gate)


def roles_reply(*names: str, gate: asyncio.Event | None = None) -> Reply:
    """Return one page with all roles of a user."""
    roles = [{"id": f"rol_{name}", "name": name} for name in names]
    return json_reply({"roles": roles, "start": 0, "limit": 100, "total": len(roles)}, gate=gate)


def error_reply(status: int, message: object = "It is so.", code: object = None, **headers: str) -> Reply:
    """Return an error object of the Management API; header names are written with underscores."""
    members: dict[str, object] = {"statusCode": status, "error": "An Error", "message": message}
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return json_reply(members if code is None else members | {"errorCode": code}, status, named)


class ScriptedTenant:
    """Answers each route from its list, the last entry for ever; a route that is not scripted fails the test."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._replies: dict[str, deque[Reply]] = {}
        self._arrived: dict[str, list[asyncio.Event]] = {}
        self.requests: list[Seen] = []

    def on(self, line: str, *replies: Reply) -> None:
        """Script a route, named by its method and raw path, anew."""
        self._replies[line] = deque(replies)

    def seen(self, line: str) -> list[Seen]:
        return [request for request in self.requests if request.line == line]

    def count(self, line: str) -> int:
        return len(self.seen(line))

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self))

    async def arrival(self, line: str, number: int = 1) -> None:
        """Wait until a route was asked so many times."""
        while self.count(line) < number:
            arrived = asyncio.Event()
            self._arrived.setdefault(line, []).append(arrived)
            async with asyncio.timeout(5):
                await arrived.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        reply = self._note(scope, bytes(body))
        if reply.gate is not None:
            await reply.gate.wait()
        headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _note(self, scope: Scope, body: bytes) -> Reply:
        line = f"{scope['method']} {scope['raw_path'].decode()}"
        query, headers = scope["query_string"].decode(), httpx.Headers(scope["headers"])
        self.requests.append(Seen(line, query, headers, body, self._now()))
        for arrived in self._arrived.pop(line, []):
            arrived.set()
        replies = self._replies.get(line)
        assert replies, f"no reply is scripted for {line}"
        return replies.popleft() if len(replies) > 1 else replies[0]
