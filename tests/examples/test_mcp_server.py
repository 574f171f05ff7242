"""The MCP server of the examples, and the official SDK's own client: discovery, login, call, expiry."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auth0_devtenant import SPA_CLIENT_ID, RunningTenant, default_seed, running_tenant
from auth0_devtenant.seed import Seed
from support.process import free_port, process, wait_for_port
from support.visitor import Visitor

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.shared.exceptions import MCPError

httpx2 = pytest.importorskip("httpx2")  # which comes with it

FOLDER = Path(__file__).parent.parent.parent / "examples" / "mcp_server"
REDIRECT = "http://127.0.0.1:3000/callback"
DAY = 86_400


@dataclass
class Clock:
    """The tenant's: a token that it issues in the past has expired for everyone else."""

    offset: float = 0

    def __call__(self) -> float:
        return time() + self.offset


@dataclass
class Running:
    url: str
    tenant: RunningTenant
    clock: Clock


def seed_of(url: str) -> Seed:
    return default_seed(audience=url).model_copy(update={"dynamic_client_registration": True})


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    port, clock = free_port(), Clock()
    url = f"http://127.0.0.1:{port}/mcp"
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(FOLDER), "--port", str(port), "server:app"]
    with (
        running_tenant(seed_of(url), now=clock) as tenant,
        process(*command, PUBLIC_URL=url, **tenant.environment),
    ):
        wait_for_port(port)
        yield Running(url, tenant, clock)


@dataclass
class Person:
    """A person with an MCP client: the SDK's storage and browser. Without `client` it has to register itself."""

    server: Running
    email: str
    password: str
    token: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None
    logins: list[dict[str, list[str]]] = field(default_factory=list)
    challenges: list[str] = field(default_factory=list)

    async def get_tokens(self) -> OAuthToken | None:
        return self.token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client: OAuthClientInformationFull) -> None:
        self.client = client

    async def open_browser(self, url: str) -> None:
        asked = parse_qs(urlsplit(url).query)
        self.logins.append(asked)
        with Visitor(self.email, self.password) as person:
            self._location = person.visit(url, until=REDIRECT).headers["Location"]

    async def wait_for_callback(self) -> AuthorizationCodeResult:
        answer = parse_qs(urlsplit(self._location).query)
        return AuthorizationCodeResult(code=answer["code"][0], state=answer["state"][0])

    async def note_challenge(self, response: Any) -> None:  # noqa: ANN401 - of httpx2, which may not be installed
        if "WWW-Authenticate" in response.headers:
            self.challenges.append(response.headers["WWW-Authenticate"])

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        metadata = OAuthClientMetadata(
            redirect_uris=[REDIRECT],
            client_name="test",
            grant_types=["authorization_code"],
            token_endpoint_auth_method="none",
        )
        auth = OAuthClientProvider(self.server.url, metadata, self, self.open_browser, self.wait_for_callback)
        hooks: dict[str, list[Any]] = {"response": [self.note_challenge]}
        async with (
            httpx2.AsyncClient(auth=auth, event_hooks=hooks, timeout=60) as http,
            Client(streamable_http_client(self.server.url, http_client=http)) as client,
        ):
            yield client


def person(running: Running, name: str, *, token: OAuthToken | None = None) -> Person:
    client = OAuthClientInformationFull(
        client_id=SPA_CLIENT_ID, redirect_uris=[REDIRECT], token_endpoint_auth_method="none"
    )
    return Person(running, f"{name.lower()}@example.com", f"{name}-password-1!", token, client)


async def test_a_client_that_knows_only_the_url_logs_in_and_calls(running: Running) -> None:
    manager = person(running, "Manager")
    async with manager.connected() as client:
        said = await client.call_tool("list_permissions", {})
    assert said.structured_content == {"result": ["read:data"]}
    (login,) = manager.logins
    assert (login["resource"], login["scope"]) == ([running.url], ["read:data"])
    metadata = running.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
    assert manager.challenges[0].startswith(f'Bearer scope="read:data", resource_metadata="{metadata}", DPoP ')


async def test_a_client_whose_token_has_expired_logs_in_again(running: Running) -> None:
    running.clock.offset = -2 * DAY
    expired = running.tenant.token("manager@example.com")
    running.clock.offset = 0
    manager = person(running, "Manager", token=OAuthToken(access_token=expired, expires_in=DAY))
    async with manager.connected() as client:
        assert not (await client.call_tool("who_am_i", {})).is_error
    assert 'error_description="The access token has expired."' in manager.challenges[0]
    assert len(manager.logins) == 1
    assert manager.token is not None
    assert manager.token.access_token != expired


async def test_a_user_without_the_permission_calls_nothing(running: Running) -> None:
    user = person(running, "User")
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True):
        async with user.connected() as client:
            await client.call_tool("who_am_i", {})
    assert len(user.logins) > 1  # the client tried again with the scope of the challenge
    assert 'error="insufficient_scope"' in user.challenges[-1]
    assert 'scope="read:data"' in user.challenges[-1]


async def test_an_unregistered_client_registers_itself(running: Running) -> None:
    manager = person(running, "Manager")
    manager.client = None
    async with manager.connected() as client:
        assert not (await client.call_tool("who_am_i", {})).is_error
    registered: OAuthClientInformationFull | None = manager.client
    assert registered is not None
    assert manager.logins[0]["client_id"] == [registered.client_id] != [SPA_CLIENT_ID]
    assert not running.tenant.tenant.state.clients[registered.client_id].is_first_party
    (consent,) = running.tenant.tenant.state.consents.values()
    assert (consent.client_id, consent.scope) == (registered.client_id, ("read:data",))


async def test_a_tool_that_needs_more_leads_to_another_login(running: Running) -> None:
    admin = person(running, "Admin")
    async with admin.connected() as client:
        assert not (await client.call_tool("who_am_i", {})).is_error
        assert len(admin.logins) == 1
        said = await client.call_tool("change_data", {"value": "x"})
    assert str(said.structured_content).endswith("has written x'}")
    assert [login["scope"] for login in admin.logins] == [["read:data"], ["read:data write:data"]]
    metadata = running.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
    assert admin.challenges[-1] == (
        f'Bearer error="insufficient_scope", scope="write:data", resource_metadata="{metadata}"'
    )


async def test_a_user_who_may_not_have_the_scope_changes_nothing(running: Running) -> None:
    manager = person(running, "Manager")
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True):
        async with manager.connected() as client:
            await client.call_tool("change_data", {"value": "x"})
    assert [login["scope"] for login in manager.logins] == [["read:data"], ["read:data write:data"]]


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_a_call_without_the_scope_is_no_call_however_it_is_sent(running: Running, size: int) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    headers["Authorization"] = f"Bearer {running.tenant.token('admin@example.com', scope='read:data')}"
    call = {"method": "tools/call", "params": {"name": "change_data", "arguments": {"value": "x" * size}}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1} | call)
    async with httpx2.AsyncClient() as http:
        plain = await http.post(running.url, content=body, headers=headers)
        several = await http.post(running.url, content=f"[{body}]", headers=headers)
    assert plain.status_code == (403 if size == 10 else 413)
    assert several.status_code >= 400 or "does not allow this" in several.text
    assert "has written" not in plain.text + several.text
