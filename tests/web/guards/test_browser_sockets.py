"""A WebSocket's token as browsers send it, among the subprotocols."""

import json
from collections.abc import AsyncIterator

import pytest

from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.asgi_socket import AsgiSocket, asgi_socket
from support.own_app import protected
from support.socket_app import EXPIRED, LEEWAY, LIFE, Bearer, SocketApp


async def offering(own: SocketApp, path: str, *subprotocols: str) -> AsyncIterator[AsgiSocket]:
    header = [(b"sec-websocket-protocol", ", ".join(subprotocols).encode())]
    async with asgi_socket(own.app, path, headers=header, subprotocols=subprotocols) as socket:
        yield socket


@pytest.fixture
async def browsers(issuer: Issuer, clock: HandClock) -> AsyncIterator[SocketApp]:
    served = SocketApp()
    async with protected(served.app, issuer, clock, auth0_token_in_subprotocol=True):
        yield served


@pytest.fixture
def token(bearer: Bearer) -> str:
    return bearer()[0][1].decode().removeprefix("Bearer ")


async def test_a_subprotocol_is_no_token_unless_the_setting_says_so(own: SocketApp, token: str) -> None:
    async for socket in offering(own, "/chat", "bearer", token):
        status, _, body = await socket.answer()
        assert (status, json.loads(body)["code"]) == (401, "missing_token")


@pytest.mark.parametrize(
    ("path", "offered", "accepted", "left"),
    [
        ("/chat", ("bearer", "{token}"), "bearer", []),
        ("/chat", ("chat", "bearer", "{token}"), "chat", ["chat"]),
        ("/chat", ("bearer", "{token}", "chat"), "chat", ["chat"]),
        ("/naive", ("bearer", "{token}"), "bearer", None),
    ],
    ids=["alone", "last", "first", "an-app-that-accepts-it"],
)
async def test_a_browsers_token_opens_a_socket_and_is_never_echoed(
    browsers: SocketApp, token: str, path: str, offered: tuple[str, ...], accepted: str, left: list[str] | None
) -> None:
    async for socket in offering(browsers, path, *(each.format(token=token) for each in offered)):
        message = await socket.hear()
        assert (message["type"], message["subprotocol"]) == ("websocket.accept", accepted)
        assert token not in str(message)
    assert browsers.seen == ([] if left is None else [left])


async def test_a_browsers_socket_is_closed_when_its_token_expires(
    browsers: SocketApp, clock: HandClock, token: str
) -> None:
    async for socket in offering(browsers, "/echo", "bearer", token):
        await socket.hear()
        await clock.advance(LIFE + LEEWAY)
        closed = await socket.hear()
        assert closed == EXPIRED
        assert token not in str(closed)


@pytest.mark.parametrize(
    ("offered", "status", "code"),
    [
        (("bearer",), 400, "invalid_request"),
        (("bearer", "not.a.token"), 401, "invalid_token"),
        (("bearer", "nöt"), 400, "invalid_request"),
        (("chat",), 401, "missing_token"),
        (("Bearer", "{token}"), 401, "missing_token"),
        (("{token}",), 401, "missing_token"),
    ],
    ids=str,
)
async def test_what_a_browser_offers_otherwise_is_refused(
    browsers: SocketApp, token: str, offered: tuple[str, ...], status: int, code: str
) -> None:
    async for socket in offering(browsers, "/echo", *(each.format(token=token) for each in offered)):
        found, _, body = await socket.answer()
        assert (found, json.loads(body)["code"]) == (status, code)


async def test_a_token_by_header_and_by_subprotocol_is_one_too_many(browsers: SocketApp, token: str) -> None:
    header = [(b"authorization", f"Bearer {token}".encode())]
    async with asgi_socket(browsers.app, "/echo", headers=header, subprotocols=["bearer", token]) as socket:
        status, _, body = await socket.answer()
    assert (status, json.loads(body)["code"]) == (400, "invalid_request")


async def test_a_header_still_does_where_browsers_may_use_a_subprotocol(browsers: SocketApp, bearer: Bearer) -> None:
    async with asgi_socket(browsers.app, "/chat", headers=bearer()) as socket:
        assert (await socket.hear())["subprotocol"] is None


async def test_optional_guards_refuse_a_bad_token_sent_by_subprotocol(browsers: SocketApp, token: str) -> None:
    async for socket in offering(browsers, "/open", "bearer", "not.a.token"):
        assert (await socket.answer())[0] == 401
    async for socket in offering(browsers, "/open", "bearer", token):
        await socket.hear()
        assert (await socket.hear())["text"].startswith("auth0|")
