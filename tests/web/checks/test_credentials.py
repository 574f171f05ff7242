"""Where the credentials of a request are found."""

from typing import Any

import pytest
from starlette.types import Message

from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.websockets.guarded_socket import GuardedSocket


def websocket(*subprotocols: str) -> dict[str, Any]:
    headers = [(b"host", b"a"), (b"authorization", b"Bearer x"), (b"authorization", b"Basic y")]
    return {"type": "websocket", "headers": headers, "subprotocols": list(subprotocols)}


async def accepted(socket: GuardedSocket, sent: list[Message], subprotocol: str) -> object:
    await socket.send({"type": "websocket.accept", "subprotocol": subprotocol})
    return sent[-1]["subprotocol"]


@pytest.fixture
def sent() -> list[Message]:
    return []


@pytest.fixture
def socket(sent: list[Message]) -> GuardedSocket:
    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    return GuardedSocket(receive, send, [])


def test_all_authorization_headers_are_credentials() -> None:
    scope = websocket("bearer", "token")
    assert find_credentials(scope) == (b"Bearer x", b"Basic y")
    assert scope["subprotocols"] == ["bearer", "token"]


@pytest.mark.parametrize(
    ("offered", "found", "left"),
    [
        (["chat"], (), ["chat"]),
        (["bearer"], (b"Bearer ",), []),
        (["chat", "bearer", "token", "v2"], (b"Bearer token",), ["chat", "v2"]),
        (["bearer", "bearer", "token"], (b"Bearer bearer",), ["token"]),
        (["bearer", "tökén"], (b"Bearer t?k?n",), []),
    ],
    ids=str,
)
def test_a_subprotocol_after_bearer_is_taken_out_of_the_scope(
    socket: GuardedSocket, offered: list[str], found: tuple[bytes, ...], left: list[str]
) -> None:
    scope = websocket(*offered)
    assert find_credentials(scope, socket) == (b"Bearer x", b"Basic y", *found)
    assert scope["subprotocols"] == left


async def test_an_app_that_accepts_the_token_does_not_echo_it(socket: GuardedSocket, sent: list[Message]) -> None:
    find_credentials(websocket("bearer", "token", "chat"), socket)
    assert await accepted(socket, sent, "chat") == "chat"
    assert await accepted(socket, sent, "token") == "bearer"
