"""An app with WebSockets of every kind, some of them guarded, and what its routes saw."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket, WebSocketDisconnect
from fastapi.params import Depends as Dependency

from auth0_sso import (
    AccessToken,
    CurrentRoles,
    CurrentToken,
    OptionalToken,
    rate_limit,
    require,
    require_any_scope,
    require_permission,
    require_role,
)
from auth0_sso.errors import Auth0SsoError, ManagementRefusedError, ManagementUnavailableError, NotFoundError
from support.own_app import ROLES

Headers = list[tuple[bytes, bytes]]
Bearer = Callable[..., Headers]
"""Makes the header for a token that lives LIFE seconds."""

LIFE: Final = 300
LEEWAY: Final = 10
EXPIRED: Final = {"type": "websocket.close", "code": 1008, "reason": "invalid_token"}
IN_ROUTE: Final[dict[str, tuple[Auth0SsoError, int]]] = {
    "caller": (NotFoundError("No such room."), 1008),
    "outage": (ManagementUnavailableError("timeout", retry_after=5), 1013),
    "refused": (ManagementRefusedError("insufficient_scope"), 1011),
}
"""Errors that a route raises once it has accepted, and the close codes they become."""


def is_of_host(token: AccessToken, connection: object) -> bool:
    assert isinstance(connection, WebSocket)
    return token.claims.get("host") == connection.headers["host"]


GUARDS: Final[dict[str, tuple[Dependency, dict[str, object]]]] = {
    "role": (Depends(require_role("admin")), {ROLES: ["admin"]}),
    "permission": (Depends(require_permission("read:rooms")), {"permissions": ["read:rooms"]}),
    "any-scope": (Depends(require_any_scope("read:rooms", "write:rooms")), {"scope": "write:rooms"}),
    "security": (Security(require_permission("read:data"), scopes=["read:rooms"]), {"scope": "read:rooms"}),
    "own": (Depends(require(is_of_host)), {"host": "api.example.com"}),
}
"""Guards, and the claims of a token that each of them passes."""


class SocketApp:
    """The app. `go` is what some routes wait for."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.seen: list[object] = []
        self.go = asyncio.Event()
        for add in (self._add_guarded, self._add_waiting, self._add_accepting, self._add_open):
            add()

    def _add_waiting(self) -> None:
        app, seen = self.app, self.seen

        @app.websocket("/push")
        async def push(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept()
            await self.go.wait()
            try:
                await socket.send_text("news")
            except WebSocketDisconnect as gone:
                seen.append(gone.code)

        @app.websocket("/slow")
        async def accept_late(socket: WebSocket, _: CurrentToken) -> None:
            await self.go.wait()
            await socket.accept()
            with pytest.raises(WebSocketDisconnect) as gone:
                await socket.receive_text()
            seen.append(gone.value.code)

        @app.websocket("/after")
        async def wait_after_the_expiry(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept()
            try:
                await socket.receive_text()
            except WebSocketDisconnect as gone:
                seen.append(gone.code)
            try:
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            except TimeoutError:
                seen.append("timed out")

        @app.websocket("/linger")
        async def linger(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept()
            try:
                await socket.receive_text()
            except WebSocketDisconnect as gone:
                seen.append(gone.code)
            await self.go.wait()

        @app.websocket("/bye")
        async def say_bye(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept()
            await socket.close(1000, "bye")
            await self.go.wait()

    def _add_accepting(self) -> None:
        app, seen = self.app, self.seen

        @app.websocket("/naive")
        async def accept_last_subprotocol(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept(socket.headers["sec-websocket-protocol"].split(", ")[-1])

        @app.websocket("/chat")
        async def accept_chat(socket: WebSocket, token: CurrentToken) -> None:
            seen.append(list(socket.scope["subprotocols"]))
            await socket.accept("chat" if "chat" in socket.scope["subprotocols"] else None)
            await socket.send_text(token.subject)

    def _add_open(self) -> None:
        app = self.app

        @app.websocket("/open")
        async def read_open(socket: WebSocket, token: OptionalToken) -> None:
            await socket.accept()
            await socket.send_text("anonymous" if token is None else token.subject)

        @app.websocket("/unguarded")
        async def read_unguarded(socket: WebSocket) -> None:
            await socket.accept(socket.scope["subprotocols"][0])
            await socket.send_text(await socket.receive_text())

        @app.websocket("/limited", dependencies=[Depends(rate_limit("2/minute"))])
        async def read_limited(socket: WebSocket) -> None:
            await socket.accept()

    def _add_guarded(self) -> None:
        app, seen = self.app, self.seen

        @app.websocket("/echo")
        async def echo(socket: WebSocket, token: CurrentToken) -> None:
            await socket.accept()
            try:
                while True:
                    await socket.send_text(f"{token.subject}: {await socket.receive_text()}")
            except WebSocketDisconnect as gone:
                seen.append(gone.code)
            await socket.close()

        @app.websocket("/closed")
        async def fail_after_closing(socket: WebSocket, _: CurrentToken) -> None:
            await socket.accept()
            await socket.close()
            raise NotFoundError("No such room.")

        @app.websocket("/raise/{name}")
        async def fail(socket: WebSocket, name: str, _: CurrentToken) -> None:
            await socket.accept()
            raise IN_ROUTE[name][0]

        for name, (guard, _) in GUARDS.items():

            @app.websocket(f"/guards/{name}", dependencies=[guard])
            async def read(socket: WebSocket) -> None:
                seen.append("served")
                await socket.accept()

        group = APIRouter(prefix="/group", dependencies=[Depends(require_role("admin"))])

        @group.websocket("/roles")
        async def read_roles(socket: WebSocket, roles: CurrentRoles) -> None:
            await socket.accept()
            await socket.send_text(" ".join(roles))

        app.include_router(group)
