"""The verifier in an MCP server of the official SDK: what it takes, what it refuses, and an outage."""

from collections.abc import AsyncIterator
from time import time
from typing import Any

import httpx
import pytest

from auth0_sso.errors import KeysUnavailableError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, user_claims
from support.own_app import own_settings
from support.running_app import running_app
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant
from support.token_cases import NOW

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from mcp.server.auth.provider import principal_components
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from auth0_sso.mcp import Auth0TokenVerifier

URL = "https://api.example.com/mcp"


@pytest.fixture
async def verifier(issuer: Issuer, clock: HandClock, tenant: ScriptedTenant) -> AsyncIterator[Auth0TokenVerifier]:
    KeyPages(tenant, issuer).show("key-0")
    settings = own_settings(public_url=URL, auth0_audience=(AUDIENCE, URL))
    verifier = Auth0TokenVerifier(settings, clock=clock, transport=httpx.ASGITransport(tenant))
    async with verifier.running():
        await clock.settle()
        yield verifier


async def test_a_token_names_its_owner_scopes_and_resource(verifier: Auth0TokenVerifier, issuer: Issuer) -> None:
    claims = user_claims(
        NOW, aud=[AUDIENCE, URL, f"{ISSUER}userinfo"], scope="openid profile", permissions=["read:data"], azp="client"
    )
    token = await verifier.verify_token(issuer.token(claims))
    assert token is not None
    assert principal_components(token) == ("client", ISSUER, SUBJECT)
    assert token.scopes == ["openid", "profile", "read:data"]
    assert (token.resource, token.expires_at) == (URL, claims["exp"])
    assert token.claims == claims


@pytest.mark.parametrize(
    "changes", [{"aud": "https://other.example.com"}, {"exp": 1}, {"iss": "https://evil.example/"}]
)
async def test_another_apis_an_expired_and_a_foreign_token_are_none(
    verifier: Auth0TokenVerifier, issuer: Issuer, changes: dict[str, object]
) -> None:
    assert await verifier.verify_token(issuer.token(user_claims(NOW, **changes))) is None


@pytest.mark.parametrize("text", ["", "a b", "é.é.é", "a.b.c\n", "a.b.c"])
async def test_what_is_no_token_is_none(verifier: Auth0TokenVerifier, text: str) -> None:
    assert await verifier.verify_token(text) is None


async def test_without_keys_no_token_is_refused(issuer: Issuer, clock: HandClock, tenant: ScriptedTenant) -> None:
    verifier = Auth0TokenVerifier(own_settings(), clock=clock, transport=httpx.ASGITransport(tenant))
    async with verifier.running():
        await clock.settle()
        with pytest.raises(KeysUnavailableError):
            await verifier.verify_token(issuer.token(user_claims(NOW)))


@pytest.fixture
async def mcp_client(verifier: Auth0TokenVerifier) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the SDK's own server with the verifier, without sockets."""
    auth = AuthSettings(
        issuer_url=ISSUER, resource_server_url=URL, required_scopes=["read:data"], validate_token_resource=True
    )
    app = MCPServer("Data", token_verifier=verifier, auth=auth).streamable_http_app(host="api.example.com")
    async with running_app(verifier.install(app)) as client:
        yield client


def initialize(token: str) -> dict[str, Any]:
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    return {
        "json": {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        "headers": {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"},
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"permissions": ["read:data"], "aud": URL}, 200),
        ({"permissions": [], "aud": URL}, 403),
        ({"permissions": ["read:data"], "aud": AUDIENCE}, 401),
        ({"permissions": ["read:data"], "aud": URL, "exp": 1}, 401),
    ],
    ids=["good", "without the permission", "of another resource", "expired"],
)
async def test_the_sdks_server_answers_as_the_token_says(
    mcp_client: httpx.AsyncClient, issuer: Issuer, changes: dict[str, Any], status: int
) -> None:
    token = issuer.token(
        user_claims(NOW, **{"exp": int(max(NOW, time())) + 3600} | changes)
    )  # the SDK's clock is its own
    answer = await mcp_client.post("/mcp", **initialize(token))
    assert answer.status_code == status


async def test_another_users_session_is_not_found(mcp_client: httpx.AsyncClient, issuer: Issuer) -> None:
    statuses = []
    session: dict[str, str] = {}
    for subject in (SUBJECT, "auth0|other", SUBJECT):
        claims = {"exp": int(max(NOW, time())) + 3600, "aud": URL, "permissions": ["read:data"], "sub": subject}
        request = initialize(issuer.token(user_claims(NOW, **claims)))
        if session:
            request["json"] = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        request["headers"] |= session
        answer = await mcp_client.post("/mcp", **request)
        session = session or {"Mcp-Session-Id": answer.headers["mcp-session-id"]}
        statuses.append(answer.status_code)
    assert statuses == [200, 404, 200]


async def test_an_outage_is_answered_503_and_not_401(
    issuer: Issuer, clock: HandClock, tenant: ScriptedTenant
) -> None:
    verifier = Auth0TokenVerifier(own_settings(), clock=clock, transport=httpx.ASGITransport(tenant))
    auth = AuthSettings(issuer_url=ISSUER, resource_server_url=URL, validate_token_resource=False)
    app = MCPServer("Data", token_verifier=verifier, auth=auth).streamable_http_app(host="api.example.com")
    async with running_app(verifier.install(app), raising=True) as client:
        await clock.settle()
        answer = await client.post("/mcp", **initialize(issuer.token(user_claims(NOW))))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "www-authenticate" not in answer.headers


async def test_before_it_runs_it_says_what_to_call(issuer: Issuer) -> None:
    with pytest.raises(RuntimeError, match=r"install\(app\)"):
        await Auth0TokenVerifier(own_settings()).verify_token("a.b.c")
