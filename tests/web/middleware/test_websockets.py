"""Guards on WebSockets: who passes, how a handshake is refused, and what is counted."""

import json
import logging

import pytest
from fastapi import Depends, FastAPI, WebSocket

from auth0_sso import require_role
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.middleware.trace_context import trace_id_variable
from support.asgi_socket import asgi_socket
from support.own_app import ROLES, protected
from support.socket_app import GUARDS, IN_ROUTE, Bearer, SocketApp


async def test_a_good_token_opens_a_socket(own: SocketApp, bearer: Bearer) -> None:
    async with asgi_socket(own.app, "/echo", headers=bearer()) as socket:
        assert (await socket.hear())["type"] == "websocket.accept"
        socket.say("hello")
        assert (await socket.hear())["text"].endswith(": hello")


async def test_a_handshake_without_a_token_is_answered_as_a_request_is(own: SocketApp) -> None:
    async with asgi_socket(own.app, "/echo") as socket:
        status, headers, body = await socket.answer()
    assert (status, headers["www-authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == "missing_token"


async def test_a_bad_token_gets_its_challenge_and_no_text_of_it(
    own: SocketApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    async with asgi_socket(own.app, "/echo", headers=[(b"authorization", b"Bearer not.a.token")]) as socket:
        status, headers, body = await socket.answer()
        await socket.ended()
    assert (status, json.loads(body)["code"]) == (401, "invalid_token")
    assert headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert caplog.text.count("WEBSOCKET /echo refused: ") == 1
    assert "not.a.token" not in str(headers) + body.decode() + caplog.text


async def test_without_the_denial_response_a_refusal_is_a_close(own: SocketApp) -> None:
    async with asgi_socket(own.app, "/echo", denial=False) as socket:
        assert await socket.hear() == {"type": "websocket.close", "code": 1008, "reason": "missing_token"}
        await socket.ended()
    assert own.seen == [], "the route ran"


@pytest.mark.parametrize("name", GUARDS)
async def test_every_guard_refuses_and_passes_sockets(own: SocketApp, bearer: Bearer, name: str) -> None:
    async with asgi_socket(own.app, f"/guards/{name}", headers=bearer()) as socket:
        status, headers, _ = await socket.answer()
    assert status == 403
    assert headers["www-authenticate"].startswith('Bearer error="insufficient_scope"')
    assert own.seen == []
    async with asgi_socket(own.app, f"/guards/{name}", headers=bearer(**GUARDS[name][1])) as socket:
        assert (await socket.hear())["type"] == "websocket.accept"


async def test_a_routers_guard_and_a_routes_roles_hold_for_sockets(own: SocketApp, bearer: Bearer) -> None:
    async with asgi_socket(own.app, "/group/roles", headers=bearer(**{ROLES: ["admin"]})) as socket:
        assert (await socket.hear())["type"] == "websocket.accept"
        assert (await socket.hear())["text"] == "admin"
    async with asgi_socket(own.app, "/group/roles", headers=bearer()) as socket:
        assert (await socket.answer())[0] == 403


async def test_an_apps_own_dependencies_guard_its_sockets(issuer: Issuer, clock: HandClock, bearer: Bearer) -> None:
    app = FastAPI(dependencies=[Depends(require_role("admin"))])

    @app.websocket("/ws")
    async def accept(socket: WebSocket) -> None:
        await socket.accept()

    async with protected(app, issuer, clock):
        async with asgi_socket(app, "/ws", headers=bearer()) as socket:
            assert (await socket.answer())[0] == 403
        async with asgi_socket(app, "/ws", headers=bearer(**{ROLES: ["admin"]})) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"


async def test_handshakes_are_counted_and_get_limit_headers(own: SocketApp, clock: HandClock) -> None:
    for left in (1, 0):
        async with asgi_socket(own.app, "/limited") as socket:
            accepted = await socket.hear()
            assert (b"ratelimit", f'"2/minute";r={left};t=60'.encode()) in accepted["headers"]
    async with asgi_socket(own.app, "/limited") as socket:
        status, headers, _ = await socket.answer()
    assert (status, headers["retry-after"], headers["ratelimit"]) == (429, "60", '"2/minute";r=0;t=60')
    await clock.advance(60)
    async with asgi_socket(own.app, "/limited") as socket:
        assert (await socket.hear())["type"] == "websocket.accept"


async def test_too_many_bad_tokens_are_answered_429(own: SocketApp) -> None:
    statuses = []
    for _ in range(21):
        async with asgi_socket(own.app, "/echo", headers=[(b"authorization", b"Bearer not.a.token")]) as socket:
            statuses.append((await socket.answer())[0])
    assert statuses == [401] * 20 + [429]


async def test_an_anonymous_socket_passes_an_optional_token(own: SocketApp, bearer: Bearer) -> None:
    async with asgi_socket(own.app, "/open") as socket:
        await socket.hear()
        assert (await socket.hear())["text"] == "anonymous"
    async with asgi_socket(own.app, "/open", headers=bearer()) as socket:
        await socket.hear()
        assert (await socket.hear())["text"].startswith("auth0|")


@pytest.mark.parametrize("name", IN_ROUTE)
async def test_an_error_after_the_accept_closes_with_its_code(own: SocketApp, bearer: Bearer, name: str) -> None:
    async with asgi_socket(own.app, f"/raise/{name}", headers=bearer()) as socket:
        await socket.hear()
        error, code = IN_ROUTE[name]
        assert await socket.hear() == {"type": "websocket.close", "code": code, "reason": error.code}
        await socket.ended()


async def test_a_socket_without_a_guard_is_as_it_was(own: SocketApp) -> None:
    async with asgi_socket(own.app, "/unguarded", subprotocols=["bearer", "x"]) as socket:
        assert await socket.hear() == {"type": "websocket.accept", "subprotocol": "bearer", "headers": []}
        socket.say("as it was")
        assert (await socket.hear())["text"] == "as it was"


async def test_an_error_after_the_app_has_closed_closes_nothing(own: SocketApp, bearer: Bearer) -> None:
    async with asgi_socket(own.app, "/closed", headers=bearer()) as socket:
        await socket.hear()
        assert (await socket.hear())["code"] == 1000
        await socket.ended()
        assert socket.from_app.empty()


async def test_services_without_the_layer_that_closes_sockets_open_none(
    issuer: Issuer, clock: HandClock, bearer: Bearer
) -> None:
    protected_app, other = FastAPI(), SocketApp()
    async with protected(protected_app, issuer, clock):
        other.app.state.auth0_sso = protected_app.state.auth0_sso
        async with asgi_socket(other.app, "/echo", headers=bearer()) as socket:
            with pytest.raises(RuntimeError, match="protect"):
                await socket.ended()
            assert socket.from_app.empty()


@pytest.mark.parametrize("traced", [True, False])
async def test_log_lines_of_a_socket_have_the_trace_id_of_its_caller(own: SocketApp, traced: bool) -> None:
    seen: list[str | None] = []

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            seen.append(trace_id_variable.get())

    log, handler = logging.getLogger("auth0_sso.access"), Handler()
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = [(b"traceparent", f"00-{trace}-00f067aa0ba902b7-01".encode())] if traced else []
    try:
        async with asgi_socket(own.app, "/echo", headers=headers) as socket:
            await socket.answer()
            await socket.ended()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    assert seen == [trace if traced else None]
    assert trace_id_variable.get() is None
