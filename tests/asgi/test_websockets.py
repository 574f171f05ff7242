"""Guarded WebSockets: which are opened, how others are refused, and when they end."""

import json
import logging
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from auth0_sso.asgi import Auth0Guard, Rule, token_of
from auth0_sso.errors import ManagementRefusedError
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer
from auth0_sso.tokens.claims import AccessToken
from support.asgi_socket import asgi_socket
from support.guarded_asgi_app import bearer, guarded
from support.own_app import own_settings
from support.tenant_script import ScriptedTenant
from support.token_cases import NOW

LEEWAY, LIFE = 10, 300
EXPIRED = {"type": "websocket.close", "code": 1008, "reason": "invalid_token"}


class EchoApp:
    """Accepts each WebSocket and repeats what it hears until the client leaves."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.left: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await receive()
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        self.left.append(message)


@pytest.fixture
def echo() -> EchoApp:
    return EchoApp()


@pytest.fixture
async def guard(echo: EchoApp, issuer: Issuer, clock: HandClock) -> AsyncIterator[Auth0Guard]:
    rules = [Rule("/admin", scopes={"admin"}), Rule("/open", public=True), Rule("/few", rate_limit="1/minute")]
    async with guarded(echo, *rules, issuer=issuer, clock=clock, auth0_token_in_subprotocol=True) as running:
        yield running


async def test_a_good_token_opens_a_socket(guard: Auth0Guard, echo: EchoApp, issuer: Issuer) -> None:
    async with asgi_socket(guard, "/x", headers=bearer(issuer)) as socket:
        assert (await socket.hear())["type"] == "websocket.accept"
        socket.say("hello")
        assert (await socket.hear())["text"] == "hello"
        socket.leave()
        await socket.ended()
    assert token_of(echo.scopes[0]).subject == SUBJECT
    assert echo.left == [{"type": "websocket.disconnect", "code": 1000}]


async def test_a_refused_handshake_gets_the_problem_of_a_request(
    guard: Auth0Guard, echo: EchoApp, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    async with asgi_socket(guard, "/x") as socket:
        status, headers, body = await socket.answer()
        await socket.ended()
    assert (status, headers["www-authenticate"], json.loads(body)["code"]) == (
        401,
        'Bearer, DPoP algs="ES256"',
        "missing_token",
    )
    async with asgi_socket(guard, "/admin", headers=bearer(issuer)) as socket:
        assert (await socket.answer())[0] == 403
    assert [record.getMessage() for record in caplog.records] == [
        "WEBSOCKET /* refused: missing_token",
        "WEBSOCKET /admin/* refused: scope_missing",
    ]
    assert echo.scopes == []


@pytest.mark.parametrize(
    ("path", "code", "reason"), [("/x", 1008, "missing_token"), ("/admin/../x", 1008, "invalid_input")]
)
async def test_without_the_denial_response_a_refusal_is_a_close(
    guard: Auth0Guard, echo: EchoApp, path: str, code: int, reason: str
) -> None:
    async with asgi_socket(guard, path, denial=False) as socket:
        assert await socket.hear() == {"type": "websocket.close", "code": code, "reason": reason}
        await socket.ended()
    assert echo.scopes == []


async def test_an_outage_is_told_by_another_code(echo: EchoApp, issuer: Issuer, clock: HandClock) -> None:
    async with (
        guarded(echo, issuer=issuer, clock=clock, tenant=ScriptedTenant()) as guard,
        asgi_socket(guard, "/x", headers=bearer(issuer), denial=False) as socket,
    ):
        assert await socket.hear() == {"type": "websocket.close", "code": 1013, "reason": "keys_unavailable"}


class FailingRoles:
    """A `RoleSource` whose tenant refuses us."""

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - RoleSource's
        raise ManagementRefusedError("insufficient_scope")

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        return await self.roles_of(token, stale_ok=stale_ok)

    async def invalidate(self, subject: str) -> None:
        """Do nothing: nothing is remembered."""


async def test_a_fault_of_ours_is_told_by_a_third_code(echo: EchoApp, issuer: Issuer, clock: HandClock) -> None:
    keys, rule = StaticKeys(issuer.jwks("key-0")), Rule("/", any_role={"admin"})
    guard = Auth0Guard(echo, rule, settings=own_settings(), keys=keys, roles=FailingRoles(), clock=clock)
    async with guard.running(), asgi_socket(guard, "/x", headers=bearer(issuer), denial=False) as socket:
        assert await socket.hear() == {"type": "websocket.close", "code": 1011, "reason": "management_refused"}


async def test_a_socket_is_closed_when_its_token_expires(
    guard: Auth0Guard, echo: EchoApp, issuer: Issuer, clock: HandClock
) -> None:
    headers = bearer(issuer, exp=int(NOW) + LIFE)
    async with asgi_socket(guard, "/x", headers=headers) as socket:
        await socket.hear()
        await clock.advance(LIFE + LEEWAY - 1)
        socket.say("still there")
        assert (await socket.hear())["text"] == "still there"
        await clock.advance(1)
        assert await socket.hear() == EXPIRED
        await socket.ended()
    assert [message["code"] for message in echo.left] == [1008]


async def test_a_public_socket_outlives_every_token(
    guard: Auth0Guard, issuer: Issuer, clock: HandClock, echo: EchoApp
) -> None:
    headers = bearer(issuer, exp=int(NOW) + LIFE)
    async with asgi_socket(guard, "/open", headers=headers, subprotocols=["bearer", "x"]) as socket:
        assert (await socket.hear())["subprotocol"] == "bearer", "the subprotocols of a public socket are its own"
        await clock.advance(LIFE + LEEWAY)
        socket.say("still there")
        assert (await socket.hear())["text"] == "still there"
    assert echo.left == []


async def test_a_browsers_token_comes_by_subprotocol(guard: Auth0Guard, echo: EchoApp, issuer: Issuer) -> None:
    token = bearer(issuer)[0][1].decode().removeprefix("Bearer ")
    async with asgi_socket(guard, "/x", subprotocols=["bearer", token, "chat"]) as socket:
        assert (await socket.hear())["subprotocol"] == "chat"
    async with asgi_socket(guard, "/x", subprotocols=["bearer", token]) as socket:
        assert (await socket.hear())["subprotocol"] == "bearer"
    assert [scope["subprotocols"] for scope in echo.scopes] == [["chat"], []]
    async with asgi_socket(guard, "/x", subprotocols=["bearer"]) as socket:
        assert (await socket.answer())[0] == 400
    async with asgi_socket(guard, "/x", headers=bearer(issuer), subprotocols=["bearer", token]) as socket:
        assert (await socket.answer())[0] == 400


async def test_a_subprotocol_is_no_token_unless_the_setting_says_so(
    echo: EchoApp, issuer: Issuer, clock: HandClock
) -> None:
    token = bearer(issuer)[0][1].decode().removeprefix("Bearer ")
    async with (
        guarded(echo, issuer=issuer, clock=clock) as guard,
        asgi_socket(guard, "/x", subprotocols=["bearer", token]) as socket,
    ):
        assert (await socket.answer())[0] == 401


async def test_sockets_are_counted_and_told_what_is_left(guard: Auth0Guard, issuer: Issuer) -> None:
    async with asgi_socket(guard, "/few", headers=bearer(issuer)) as socket:
        accepted = await socket.hear()
    assert (b"ratelimit", b'"1/minute";r=0;t=60') in accepted["headers"]
    async with asgi_socket(guard, "/few", headers=bearer(issuer)) as socket:
        status, headers, _ = await socket.answer()
    assert (status, headers["retry-after"], headers["ratelimit"]) == (429, "60", '"1/minute";r=0;t=60')
