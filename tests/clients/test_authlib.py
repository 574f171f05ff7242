"""Authlib, the client of Python web apps: login with OpenID Connect, userinfo, and client credentials."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    SPA_CLIENT_ID,
    WEB_CLIENT_ID,
    WEB_CLIENT_SECRET,
)
from support.client_tenant import ClientTenant
from support.issuer_api import AUDIENCE, api
from support.service import USER, person_id

Exercise = Callable[[str, str], None]


def with_session(app: ASGIApp) -> ASGIApp:
    """Keep the session of the only visitor in memory."""
    session: dict[str, Any] = {}

    async def keep(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "session": session}, receive, send)

    return keep


SCOPE = "openid profile email offline_access"
PUBLIC: dict[str, Any] = {
    "client_id": SPA_CLIENT_ID,
    "client_kwargs": {"scope": SCOPE, "code_challenge_method": "S256", "token_endpoint_auth_method": "none"},
}
WITH_SECRET: dict[str, Any] = {
    "client_id": WEB_CLIENT_ID,
    "client_secret": WEB_CLIENT_SECRET,
    "client_kwargs": {"scope": SCOPE},
}


def web_app(tenant: ClientTenant, client: dict[str, Any]) -> ASGIApp:
    oauth = OAuth()
    oauth.register("auth0", server_metadata_url=f"{tenant.issuer}.well-known/openid-configuration", **client)

    async def log_in(request: Request) -> Response:
        answer: RedirectResponse = await oauth.auth0.authorize_redirect(
            request, f"{tenant.app_origin}/callback", audience=AUDIENCE
        )
        return answer

    async def finish(request: Request) -> Response:
        token = await oauth.auth0.authorize_access_token(request)
        return JSONResponse({"token": token, "userinfo": await oauth.auth0.userinfo(token=token)})

    return with_session(Starlette(routes=[Route("/login", log_in), Route("/callback", finish)]))


@pytest.mark.parametrize("client", [PUBLIC, WITH_SECRET], ids=["public", "with-secret"])
async def test_a_web_app_with_authlib_logs_a_user_in(
    trusted: ClientTenant, exercise: Exercise, client: dict[str, Any]
) -> None:
    exercise("authlib", "login with discovery and a verified ID token, with PKCE or a secret, userinfo, refresh")
    transport = httpx.ASGITransport(web_app(trusted, client))
    async with httpx.AsyncClient(transport=transport, base_url=trusted.app_origin) as browser:
        sent = (await browser.get("/login")).headers["Location"]
        with trusted.visitor(USER) as visitor:
            back = visitor.visit(sent, until=f"{trusted.app_origin}/callback").headers["Location"]
        logged_in = (await browser.get(f"/callback?{urlsplit(back).query}")).json()
    token = logged_in["token"]
    assert token["userinfo"]["sub"] == logged_in["userinfo"]["sub"] == person_id(USER)
    assert (token["userinfo"]["iss"], token["userinfo"]["aud"]) == (trusted.issuer, client["client_id"])
    assert logged_in["userinfo"]["email"] == USER
    credentials = {"client_secret": client.get("client_secret"), **client["client_kwargs"]}
    async with AsyncOAuth2Client(client["client_id"], **credentials) as session:
        refreshed = await session.refresh_token(f"{trusted.issuer}oauth/token", refresh_token=token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]
    async with api(trusted.issuer) as ours:
        for access_token in (token["access_token"], refreshed["access_token"]):
            answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {access_token}"})
            assert answer.json()["data"] == ["for a user"]


async def test_a_machine_with_authlib_gets_a_token(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("authlib", "client credentials with the secret in the header and in the body")
    async with api(trusted.issuer) as ours:
        for method in ("client_secret_basic", "client_secret_post"):
            async with AsyncOAuth2Client(
                MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, token_endpoint_auth_method=method
            ) as client:
                token = await client.fetch_token(
                    f"{trusted.issuer}oauth/token", grant_type="client_credentials", audience=AUDIENCE
                )
            answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {token['access_token']}"})
            assert answer.json()["data"] == ["for a machine"]
