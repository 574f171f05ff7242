"""Back-channel logout in an app of one's own: what a request ends, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken, logout_router
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import Event, TokensRevoked
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer, user_claims
from auth0_sso.web.services.services import Services
from support.asgi_socket import asgi_socket
from support.logout_tokens import CLIENT, FORM, SESSION, SID, logout_claims, logout_form
from support.own_app import own_settings, protected
from support.running_app import running_app
from support.socket_app import EXPIRED, Bearer, SocketApp
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant

SETTINGS: dict[str, Any] = {
    "auth0_backchannel_logout_clients": (CLIENT, "other-client"),
    "auth0_session_id_claim": SID,
}


def app_with_logout() -> FastAPI:
    app = FastAPI()
    app.include_router(logout_router("/logout"))

    @app.get("/me")
    async def read(token: CurrentToken) -> str:
        return token.subject

    return app


@pytest.fixture
def app() -> FastAPI:
    return app_with_logout()


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(app, issuer, clock, **SETTINGS) as running:
        yield running


def services_of_app(app: FastAPI) -> Services:
    services = app.state.auth0_sso
    assert isinstance(services, Services)
    return services


def token_for(issuer: Issuer, now: float, **claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(user_claims(now, **({SID: SESSION} | claims)))}"}


async def refused(client: httpx.AsyncClient, body: bytes, headers: dict[str, str] = FORM) -> tuple[int, str]:
    response = await client.post("/logout", content=body, headers=headers)
    return response.status_code, response.json()["code"]


async def test_a_logout_refuses_a_cached_token_at_its_next_use(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, clock: HandClock
) -> None:
    headers = token_for(issuer, clock.now)
    other = token_for(issuer, clock.now, **{SID: "session-2"})
    for each in (headers, headers, other):
        assert (await client.get("/me", headers=each)).status_code == 200
    hits = services_of_app(app).verifier.cache_hits
    response = await client.post("/logout", content=logout_form(issuer, clock.now), headers=FORM)
    assert (response.status_code, response.content, response.headers["cache-control"]) == (200, b"", "no-store")
    response = await client.get("/me", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert services_of_app(app).verifier.cache_hits > hits, "the token was not in the cache"
    assert (await client.get("/me", headers=other)).status_code == 200


async def test_an_app_without_roles_and_profiles_ends_sessions_too(
    app: FastAPI, issuer: Issuer, clock: HandClock
) -> None:
    without: dict[str, Any] = {"auth0_role_source": "management", "auth0_role_claim": ""}
    async with protected(app, issuer, clock, **SETTINGS | without) as client:
        assert (services_of_app(app).roles, services_of_app(app).profiles) == (None, None)
        headers = token_for(issuer, clock.now)
        assert (await client.get("/me", headers=headers)).status_code == 200
        response = await client.post("/logout", content=logout_form(issuer, clock.now), headers=FORM)
        assert response.status_code == 200
        assert (await client.get("/me", headers=headers)).status_code == 401


async def test_without_a_session_all_tokens_of_the_user_end_until_a_new_login(
    client: httpx.AsyncClient, issuer: Issuer, clock: HandClock
) -> None:
    headers, other = token_for(issuer, clock.now), token_for(issuer, clock.now, sub="auth0|other")
    await client.post("/logout", content=logout_form(issuer, clock.now, sid=...), headers=FORM)
    assert (await client.get("/me", headers=headers)).status_code == 401
    assert (await client.get("/me", headers=other)).status_code == 200
    await clock.advance(1)
    assert (await client.get("/me", headers=token_for(issuer, clock.now))).status_code == 200


async def test_a_revoked_token_never_counts_as_a_failed_authentication(
    client: httpx.AsyncClient, issuer: Issuer, clock: HandClock
) -> None:
    await client.post("/logout", content=logout_form(issuer, clock.now), headers=FORM)
    for _ in range(25):
        assert (await client.get("/me", headers=token_for(issuer, clock.now))).status_code == 401


async def test_a_logout_token_is_taken_once(client: httpx.AsyncClient, issuer: Issuer, clock: HandClock) -> None:
    body = logout_form(issuer, clock.now)
    assert (await client.post("/logout", content=body, headers=FORM)).status_code == 200
    assert await refused(client, body) == (400, "invalid_logout_token")
    other = logout_form(issuer, clock.now, jti="logout-2", aud="other-client")
    assert (await client.post("/logout", content=other, headers=FORM)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"aud": "unknown"}, {"nonce": "n"}, {"events": {}}, {"jti": ...}, {"sub": ..., "sid": ...}, {"iat": 0}],
    ids=str,
)
async def test_a_refused_logout_token_ends_nothing(
    client: httpx.AsyncClient, issuer: Issuer, clock: HandClock, change: dict[str, object]
) -> None:
    headers = token_for(issuer, clock.now)
    assert await refused(client, logout_form(issuer, clock.now, **change)) == (400, "invalid_logout_token")
    assert (await client.get("/me", headers=headers)).status_code == 200


async def test_the_form_has_exactly_one_logout_token(
    client: httpx.AsyncClient, issuer: Issuer, clock: HandClock
) -> None:
    body = logout_form(issuer, clock.now)
    invalid = (400, "invalid_logout_token")
    assert await refused(client, b"") == invalid
    assert await refused(client, b"logout_token=") == invalid
    assert await refused(client, body + b"&" + body) == invalid
    assert await refused(client, body, {"content-type": "application/json"}) == invalid
    assert await refused(client, b"&".join([b"a=b"] * 20 + [body])) == invalid
    assert await refused(client, b"\xff" + body) == invalid
    in_query = await client.post(f"/logout?{body.decode()}", headers=FORM)
    assert in_query.status_code == 400
    assert (await client.get("/me", headers=token_for(issuer, clock.now))).status_code == 200
    spelled = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    assert (await client.post("/logout", content=b"state=1&" + body, headers=spelled)).status_code == 200


async def test_a_body_too_long_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    sent = []

    async def body() -> AsyncIterator[bytes]:
        for _ in range(10):
            sent.append(16 * 1024)
            yield b"x" * (16 * 1024)

    assert (await client.post("/logout", content=body(), headers=FORM)).status_code == 413
    assert len(sent) < 10


async def test_while_keys_are_unavailable_the_answer_is_503_and_a_retry_passes(
    app: FastAPI, issuer: Issuer, clock: HandClock
) -> None:
    tenant = ScriptedTenant()
    pages = KeyPages(tenant, issuer)
    pages.go_down()
    async with protected(app, issuer, clock, tenant=tenant, **SETTINGS) as client:
        body = logout_form(issuer, clock.now)
        assert await refused(client, body) == (503, "keys_unavailable")
        pages.show("key-0")
        await clock.advance(31)
        assert (await client.post("/logout", content=body, headers=FORM)).status_code == 200


async def test_without_clients_the_route_answers_404(app: FastAPI, issuer: Issuer, clock: HandClock) -> None:
    async with protected(app, issuer, clock) as client:
        assert await refused(client, logout_form(issuer, clock.now)) == (404, "not_found")


async def test_an_unavailable_replay_cache_does_not_hold_up_a_logout(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Down:
        async def add(self, name: bytes, lifetime: float) -> bool:
            raise StoreUnavailableError(f"down_{len(name)}_{lifetime:.0f}")

    logout = services_of_app(app).logout
    assert logout is not None
    logout._replays = Down()  # noqa: SLF001 - a store that is down at this moment
    assert (await client.post("/logout", content=logout_form(issuer, clock.now), headers=FORM)).status_code == 200
    assert (await client.get("/me", headers=token_for(issuer, clock.now))).status_code == 401
    assert "without a check for replays: store_down_16_320" in caplog.text


async def test_a_session_without_a_user_needs_the_claim_of_sessions(
    app: FastAPI, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with protected(app, issuer, clock, auth0_backchannel_logout_clients=(CLIENT,)) as client:
        body = logout_form(issuer, clock.now, sub=...)
        assert (await client.post("/logout", content=body, headers=FORM)).status_code == 200
        assert (await client.get("/me", headers=token_for(issuer, clock.now))).status_code == 200
    assert "AUTH0_SESSION_ID_CLAIM is needed" in caplog.text


async def test_observers_are_told_of_a_session_once(issuer: Issuer, clock: HandClock) -> None:
    from auth0_sso import StaticKeys, protect  # noqa: PLC0415 - the test's own app

    events: list[Event] = []
    app = app_with_logout()
    keys = StaticKeys(issuer.jwks("key-0"))
    protect(app, own_settings(**SETTINGS), keys=keys, clock=clock, observer=events.append)
    async with running_app(app) as client:
        for jti in ("1", "2"):
            body = urlencode({"logout_token": issuer.token(logout_claims(clock.now, jti=jti))}).encode()
            assert (await client.post("/logout", content=body, headers=FORM)).status_code == 200
    assert [each for each in events if isinstance(each, TokensRevoked)] == [TokensRevoked("logout", SUBJECT, SESSION)]


async def test_the_openapi_document_does_not_show_it(client: httpx.AsyncClient) -> None:
    assert list((await client.get("/openapi.json")).json()["paths"]) == ["/me"]


async def test_a_websocket_of_the_session_closes_at_once_and_others_stay(
    own: SocketApp, issuer: Issuer, clock: HandClock, bearer: Bearer
) -> None:
    own.app.include_router(logout_router("/logout"))
    services = services_of_app(own.app)
    ended, other = bearer(**{SID: SESSION}), bearer(sub="auth0|other")
    async with (
        asgi_socket(own.app, "/echo", headers=ended) as socket,
        asgi_socket(own.app, "/echo", headers=other) as open_socket,
    ):
        await socket.hear()
        await open_socket.hear()
        await services.revocations.revoke_user(SUBJECT, "admin")
        assert await socket.hear() == EXPIRED
        await socket.ended()
        assert own.seen == [1008]
        assert socket.from_app.empty(), "closed twice"
        open_socket.say("still there")
        assert (await open_socket.hear())["text"].endswith(": still there")
        open_socket.leave()
        await open_socket.ended()
        left = open_socket.from_app.qsize()
        await services.revocations.revoke_user("auth0|other", "admin")
        await clock.settle()
        assert open_socket.from_app.qsize() == left, "its client has left already"
