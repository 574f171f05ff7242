"""Guarded WebSockets through a real server and client: what a refused handshake and an expired token look like."""

import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.http_server import serving
from support.own_app import protected
from support.socket_app import LEEWAY, LIFE, Bearer, SocketApp

websockets: Any = pytest.importorskip("websockets", reason="needs the package websockets")
client: Any = pytest.importorskip("websockets.asyncio.client")

pytestmark = pytest.mark.parametrize("protocol", ["websockets-sansio", "wsproto"])


@pytest.fixture
async def served(issuer: Issuer, clock: HandClock, protocol: Any) -> AsyncIterator[tuple[SocketApp, str]]:  # noqa: ANN401 - uvicorn's literal
    if protocol == "wsproto":
        pytest.importorskip("wsproto", reason="needs the package wsproto")
    own, listening = SocketApp(), socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(own.app, ws=protocol, lifespan="off", log_level="error")
    async with protected(own.app, issuer, clock, auth0_token_in_subprotocol=True), serving(config, listening):
        yield own, f"ws://127.0.0.1:{listening.getsockname()[1]}"


def headers(bearer: Bearer, **claims: object) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in bearer(**claims)}


async def test_a_refused_handshake_is_an_http_answer(served: tuple[SocketApp, str], bearer: Bearer) -> None:
    _, url = served
    for sent, status, code in ((None, 401, "missing_token"), (headers(bearer), 403, "insufficient_scope")):
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            await client.connect(f"{url}/guards/role", additional_headers=sent)
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body)["code"]) == (status, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_silent_client_is_closed_when_its_token_expires(
    served: tuple[SocketApp, str], clock: HandClock, bearer: Bearer
) -> None:
    own, url = served
    async with client.connect(f"{url}/echo", additional_headers=headers(bearer)) as connection:
        await connection.send("hello")
        assert (await connection.recv()).endswith(": hello")
        await clock.advance(LIFE + LEEWAY)
        with pytest.raises(websockets.exceptions.ConnectionClosedError) as closed:
            await connection.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "invalid_token")
    assert own.seen == [1008]


async def test_a_browsers_token_is_answered_with_bearer(served: tuple[SocketApp, str], bearer: Bearer) -> None:
    _, url = served
    token = headers(bearer)["authorization"].removeprefix("Bearer ")
    async with client.connect(f"{url}/chat", subprotocols=["bearer", token]) as connection:
        assert connection.subprotocol == "bearer"
        assert (await connection.recv()).startswith("auth0|")
