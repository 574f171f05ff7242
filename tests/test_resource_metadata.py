"""The metadata of a protected app (RFC 9728), and the challenges that name it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from auth0_sso import (
    AccessToken,
    Auth0SsoError,
    CurrentToken,
    add_resource_metadata,
    current_token,
    harden,
    require_any_scope,
    require_permission,
    require_role,
)
from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.inspection.route_list import unguarded_routes
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge
from auth0_sso.testing.hostile.cases import LEEWAY
from auth0_sso.testing.issuer import ISSUER, Issuer, user_claims
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from support.own_app import own_settings, protected
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import NOW, POLICY, key_document

URL = "https://api.example.com"
WELL_KNOWN = "/.well-known/oauth-protected-resource"
POINTER = f'resource_metadata="{URL}{WELL_KNOWN}"'


def shop() -> FastAPI:
    app = FastAPI(title="shop")
    orders = APIRouter(prefix="/orders", dependencies=[Depends(require_permission("read:orders"))])

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    @app.get("/scoped")
    async def scoped(_: Annotated[AccessToken, Security(current_token, scopes=["read:scoped"])]) -> None:
        """Ask for a scope by `Security`."""

    @app.get("/either", dependencies=[Depends(require_any_scope("read:a", "read:b"))])
    async def either() -> None:
        """Ask for one of two scopes."""

    @app.get("/reports", dependencies=[Depends(require_role("admin"))])
    async def reports() -> None:
        """Ask for a role."""

    @orders.delete("/{number}", dependencies=[Depends(require_permission("delete:orders"))])
    async def delete(number: int) -> int:
        return number

    app.include_router(orders)
    return app


@asynccontextmanager
async def running(
    app: FastAPI, issuer: Issuer, clock: HandClock, public_url: str = URL, dpop: str = "off"
) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(app, issuer, clock, public_url=public_url, auth0_dpop=dpop) as client:
        yield client


def bearer(issuer: Issuer, **claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(user_claims(NOW, **claims))}"}


async def test_the_metadata_is_made_of_guards_and_settings(issuer: Issuer, clock: HandClock) -> None:
    app = add_resource_metadata(shop(), documentation="https://docs.example.com")
    async with running(app, issuer, clock) as client:
        answer = await client.get(WELL_KNOWN)
    assert answer.json() == {
        "resource": URL,
        "resource_name": "shop",
        "resource_documentation": "https://docs.example.com",
        "authorization_servers": [ISSUER],
        "scopes_supported": ["delete:orders", "read:a", "read:b", "read:orders", "read:scoped"],
        "bearer_methods_supported": ["header"],
    }
    assert answer.json()["authorization_servers"][0].endswith("/")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("dpop", "expected"), [("off", (None, None)), ("allowed", (["ES256"], None)), ("required", (["ES256"], True))]
)
async def test_the_metadata_says_whether_tokens_may_be_bound(
    issuer: Issuer, clock: HandClock, dpop: str, expected: tuple[object, object]
) -> None:
    async with running(add_resource_metadata(shop()), issuer, clock, dpop=dpop) as client:
        found = (await client.get(WELL_KNOWN)).json()
    algorithms, required = (
        found.get(name) for name in ("dpop_signing_alg_values_supported", "dpop_bound_access_tokens_required")
    )
    assert (algorithms, required) == expected


async def test_each_scheme_that_is_offered_names_the_metadata(issuer: Issuer, clock: HandClock) -> None:
    async with running(add_resource_metadata(shop()), issuer, clock, dpop="allowed") as client:
        challenge = (await client.get("/scoped")).headers["www-authenticate"]
    of_the_resource = f'scope="read:scoped", {POINTER}'
    assert challenge == f'Bearer {of_the_resource}, DPoP {of_the_resource}, algs="ES256"'


async def test_members_without_a_value_are_omitted(issuer: Issuer, clock: HandClock) -> None:
    async with running(add_resource_metadata(FastAPI(title="", openapi_url=None)), issuer, clock) as client:
        found = (await client.get(WELL_KNOWN)).json()
    assert set(found) == {"resource", "authorization_servers", "bearer_methods_supported"}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/me", ""),
        ("GET", "/scoped", 'scope="read:scoped", '),
        ("GET", "/either", 'scope="read:a read:b", '),
        ("GET", "/reports", ""),
        ("DELETE", "/orders/7", 'scope="read:orders delete:orders", '),
    ],
)
async def test_a_challenge_names_the_metadata_and_the_scopes_of_the_route(
    issuer: Issuer, clock: HandClock, method: str, path: str, scope: str
) -> None:
    async with running(add_resource_metadata(shop()), issuer, clock) as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, f"Bearer {scope}{POINTER}")


async def test_a_refused_token_is_answered_with_all_scopes_of_the_route(issuer: Issuer, clock: HandClock) -> None:
    async with running(add_resource_metadata(shop()), issuer, clock) as client:
        expired = await client.delete("/orders/7", headers=bearer(issuer, exp=1))
        lacking = await client.delete("/orders/7", headers=bearer(issuer, permissions=["read:orders"]))
        role = await client.get("/reports", headers=bearer(issuer))
    wanted = f'scope="read:orders delete:orders", {POINTER}'
    assert (expired.status_code, lacking.status_code, role.status_code) == (401, 403, 403)
    assert expired.headers["www-authenticate"].endswith(wanted)
    assert lacking.headers["www-authenticate"].endswith(wanted)
    assert 'error="insufficient_scope"' in lacking.headers["www-authenticate"]
    assert "scope=" not in role.headers["www-authenticate"]  # a new token would be refused too


@pytest.mark.parametrize("added", [False, True])
async def test_without_the_function_or_the_setting_nothing_changes(
    issuer: Issuer, clock: HandClock, added: bool
) -> None:
    app = add_resource_metadata(shop()) if added else shop()
    async with running(app, issuer, clock, "" if added else URL) as client:
        assert (await client.get(WELL_KNOWN)).status_code == 404
        assert (await client.get("/scoped")).headers["www-authenticate"] == "Bearer"
        lacking = await client.delete("/orders/7", headers=bearer(issuer, permissions=["read:orders"]))
    assert lacking.headers["www-authenticate"].endswith('scope="delete:orders"')


def answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("here you are")


async def test_what_is_mounted_is_a_resource_of_its_own(issuer: Issuer, clock: HandClock) -> None:
    inner = FastAPI()

    @inner.get("/tools", dependencies=[Depends(require_permission("use:tools"))])
    async def tools() -> None:
        """Ask for a permission."""

    app = shop()
    app.mount("/mcp", inner)
    add_resource_metadata(app, mounted=["/mcp"])
    async with running(app, issuer, clock, f"{URL}/v1") as client:
        mounted = (await client.get(f"{WELL_KNOWN}/v1/mcp")).json()
        outer = [(await client.get(path)).json() for path in (WELL_KNOWN, f"{WELL_KNOWN}/v1")]
        challenge = (await client.get("/mcp/tools")).headers["www-authenticate"]
        unknown = await client.get(f"{WELL_KNOWN}/v2")
    assert (mounted["resource"], mounted["scopes_supported"]) == (f"{URL}/v1/mcp", ["use:tools"])
    assert outer[0] == outer[1]
    assert outer[0]["resource"] == f"{URL}/v1"
    assert "use:tools" not in outer[0]["scopes_supported"]
    assert challenge == f'Bearer scope="use:tools", resource_metadata="{URL}{WELL_KNOWN}/v1/mcp"'
    assert unknown.status_code == 404


async def test_the_rules_of_a_mounted_guard_are_read(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI()
    rule = Rule("/", scopes={"use:tools"})
    app.mount("/mcp", Auth0Guard(Starlette(routes=[Route("/", answer)]), rule, settings=own_settings()))
    async with running(add_resource_metadata(app, mounted=["/mcp"]), issuer, clock) as client:
        assert (await client.get(f"{WELL_KNOWN}/mcp")).json()["scopes_supported"] == ["use:tools"]


async def test_a_server_below_a_root_path_finds_the_mount(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI()
    inner = FastAPI()

    @inner.get("/tools", dependencies=[Depends(require_permission("use:tools"))])
    async def tools() -> None:
        """Ask for a permission."""

    app.mount("/mcp", inner)
    transport = httpx.ASGITransport(app, root_path="/v1")
    async with (
        running(add_resource_metadata(app, mounted=["/mcp"]), issuer, clock, f"{URL}/v1"),
        httpx.AsyncClient(transport=transport, base_url=URL) as client,
    ):
        challenge = (await client.get("/v1/mcp/tools")).headers["www-authenticate"]
    assert f"{WELL_KNOWN}/v1/mcp" in challenge


@pytest.mark.parametrize("origin", ["https://shop.example.com", "https://anyone.example.net"])
async def test_a_script_of_any_origin_reads_it_and_nothing_else(
    issuer: Issuer, clock: HandClock, origin: str
) -> None:
    app = harden(add_resource_metadata(shop()), cors_origins=["https://shop.example.com"], security_headers=True)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "mcp-protocol-version",
    }
    async with running(app, issuer, clock) as client:
        preflight = await client.options(WELL_KNOWN, headers=asked)
        metadata = await client.get(WELL_KNOWN, headers={"Origin": origin})
        route = await client.get("/me", headers={"Origin": origin})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] in {"*", origin}
    assert preflight.headers["access-control-allow-headers"] == "*"
    assert metadata.headers["access-control-allow-origin"] in {"*", origin}
    assert metadata.headers["cache-control"] == "public, max-age=300"
    assert "access-control-allow-credentials" not in metadata.headers
    assert route.headers.get("access-control-allow-origin") == (origin if "shop" in origin else None)


async def test_a_guard_of_the_whole_app_is_not_asked(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI(dependencies=[Depends(require_permission("read:all"))])
    async with running(add_resource_metadata(app), issuer, clock) as client:
        assert (await client.get(WELL_KNOWN)).status_code == 200
    assert not unguarded_routes(app)
    assert WELL_KNOWN not in app.openapi()["paths"]


async def test_an_apps_own_error_handler_is_kept(issuer: Issuer, clock: HandClock) -> None:
    app = shop()

    @app.exception_handler(Auth0SsoError)
    async def refuse(_: Request, __: Auth0SsoError) -> PlainTextResponse:
        return PlainTextResponse("no", 418)

    async with running(add_resource_metadata(app), issuer, clock) as client:
        assert (await client.get("/me")).status_code == 418


def test_it_takes_no_path_that_the_app_serves_or_that_cannot_be_mounted() -> None:
    app = add_resource_metadata(shop())
    with pytest.raises(ValueError, match="already"):
        add_resource_metadata(app)
    for mounted in ("/mcp", ["mcp"], ["/mcp/"], ["/"]):
        with pytest.raises(ValueError, match="such as /mcp"):
            add_resource_metadata(shop(), mounted=mounted)


async def test_the_whole_table_of_tokens_is_refused_as_without_it(
    issuer: Issuer, clock: HandClock, forge: Forge, tenant: ScriptedTenant
) -> None:
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(key_document(issuer)))
    changes: dict[str, Any] = {
        "auth0_audience": tuple(POLICY.audiences),
        "auth0_algorithms": SUPPORTED_ALGORITHMS,
        "auth0_leeway_seconds": LEEWAY,
        "auth_failure_rate_limit": "off",
        "public_url": URL,
        "auth0_dpop": "off",
    }
    async with protected(add_resource_metadata(shop()), issuer, clock, tenant=tenant, **changes) as client:
        await clock.settle()
        for case in REFUSED:
            answer = await client.get("/me", headers=[(b"Authorization", value) for value in case.build(forge)])
            problem, challenge = answer.json(), answer.headers["WWW-Authenticate"]
            assert (answer.status_code, problem["code"]) == (case.status, case.error or "missing_token"), case.id
            described = f'Bearer error="{case.error}", error_description="{problem["detail"]}"'
            pointer = f", {POINTER}" if case.status == 401 else ""
            assert challenge == (described + pointer if case.error else f"Bearer {POINTER}"), case.id
