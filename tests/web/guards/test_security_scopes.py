"""`Security(guard, scopes=[...])`, as FastAPI documents it, on every kind of guard."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Security

from auth0_sso import (
    AccessToken,
    CurrentToken,
    LimitedToken,
    OptionalToken,
    UserToken,
    get_management,
    rate_limit,
    require_organization,
    require_permission,
    require_role,
)
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.guards.guard import OptionalTokenGuard, TokenGuard
from auth0_sso.web.guards.role_guards import RolesGuard
from support.own_app import ROLES, protected

GUARDS = {
    "token": TokenGuard(),
    "optional": OptionalTokenGuard(),
    "limited": rate_limit("1000/minute"),
    "role": require_role("admin"),
    "roles": RolesGuard(),
    "member-roles": RolesGuard(of_member=True),
    "organization": require_organization(),
    "permission": require_permission("read:orders"),
}


async def current_order(token: CurrentToken) -> str:
    """Depend on a guard, as an app's own dependency does: the scopes reach it from further up."""
    return f"an order of {token.subject}"


async def profile(
    _: UserToken, __: LimitedToken, ___: OptionalToken, order: Annotated[str, Depends(current_order)]
) -> str:
    return order


def own_app() -> FastAPI:
    app = FastAPI()
    for name, guard in GUARDS.items():

        @app.get(f"/{name}", dependencies=[Security(guard, scopes=["read:orders", "read:bills"])], name=name)
        async def read() -> str:
            return "read"

    @app.get("/nested")
    async def read_nested(order: Annotated[str, Security(profile, scopes=["read:orders"])]) -> str:
        return order

    router = APIRouter(prefix="/router", dependencies=[Security(current_order, scopes=["read:orders"])])

    @router.get("/bills", dependencies=[Security(TokenGuard(), scopes=["read:bills"])])
    async def read_bills(_: CurrentToken) -> str:
        return "bills"

    @app.get("/twice")
    async def read_twice(
        _: CurrentToken, __: Annotated[AccessToken, Security(TokenGuard(), scopes=["read:orders"])]
    ) -> str:
        return "twice"

    @app.get("/management", dependencies=[Security(get_management, scopes=["read:orders"])])
    async def read_management() -> str:
        return "management"

    @app.get("/none", dependencies=[Security(OptionalTokenGuard())])
    async def read_none() -> str:
        return "none"

    @app.get("/unspeakable", dependencies=[Security(TokenGuard(), scopes=['a"b'])])
    async def read_unspeakable() -> str:
        return "never"

    app.include_router(router)
    return app


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(own_app(), issuer, clock) as client:
        yield client


def bearing(issuer: Issuer, clock: HandClock, scope: object, **claims: object) -> dict[str, str]:
    """Return the header for a token that passes every guard here but for its scopes."""
    rest: dict[str, Any] = {ROLES: ["admin"], "permissions": ["read:orders", "read:bills"], **claims}
    return {"Authorization": f"Bearer {issuer.token(user_claims(clock.now, scope=scope, **rest))}"}


@pytest.mark.parametrize("name", GUARDS)
async def test_each_guard_wants_all_scopes_and_names_the_missing(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient, name: str
) -> None:
    claims = {"org_id": "org_acme"} if name == "organization" else {}
    full = await client.get(f"/{name}", headers=bearing(issuer, clock, "read:bills read:orders more", **claims))
    assert full.status_code == 200
    for scope, missing in (
        ("read:orders", "read:bills"),
        ("openid", "read:orders read:bills"),
        (..., "read:orders read:bills"),
    ):
        refused = await client.get(f"/{name}", headers=bearing(issuer, clock, scope, **claims))
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert refused.headers["WWW-Authenticate"].endswith(f', scope="{missing}", DPoP algs="ES256"')


@pytest.mark.parametrize("name", GUARDS)
async def test_without_a_token_no_guard_passes_where_scopes_are_wanted(client: httpx.AsyncClient, name: str) -> None:
    for headers in ({}, {"Authorization": "Basic dXNlcjp3b3Jk"}):
        refused = await client.get(f"/{name}", headers=headers)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')


async def test_without_scopes_an_optional_token_stays_optional(client: httpx.AsyncClient) -> None:
    assert (await client.get("/none")).json() == "none"


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        ("/nested", "read:orders", 200),
        ("/nested", "read:bills", 403),
        ("/router/bills", "read:orders read:bills", 200),
        ("/router/bills", "read:orders", 403),
        ("/router/bills", "read:bills", 403),
        ("/twice", "read:orders", 200),
        ("/twice", "openid", 403),  # the same guard without scopes has passed, and must not answer for this one
    ],
)
async def test_scopes_wanted_anywhere_up_the_tree_are_wanted(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient, path: str, scope: str, status: int
) -> None:
    assert (await client.get(path, headers=bearing(issuer, clock, scope))).status_code == status


async def test_permissions_are_no_scopes(issuer: Issuer, clock: HandClock, client: httpx.AsyncClient) -> None:
    headers = bearing(issuer, clock, "openid", permissions=["read:orders", "read:bills"])
    assert (await client.get("/token", headers=headers)).status_code == 403


async def test_a_scope_that_no_challenge_can_carry_lets_no_request_through(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    answer = await client.get("/unspeakable", headers=bearing(issuer, clock, "openid"))
    assert answer.status_code == 500
    assert "WWW-Authenticate" not in answer.headers


async def test_the_document_shows_the_scopes_and_the_refusal(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    both = ["read:orders", "read:bills"]
    for name in GUARDS:
        operation = document["paths"][f"/{name}"]["get"]
        assert operation["security"] == [{"bearer": both}, {"auth0": both}]
        assert "403" in operation["responses"]
    assert document["paths"]["/none"]["get"]["security"] == [{}, {"bearer": []}, {"auth0": []}]
    flow = document["components"]["securitySchemes"]["auth0"]["flows"]["authorizationCode"]
    assert flow["scopes"].keys() == {*both, 'a"b', "openid", "profile", "email"}


async def test_the_management_client_with_scopes_is_not_for_anonymous_callers(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    lacking, granted = (bearing(issuer, clock, scope) for scope in ("read:bills", "read:orders"))
    answers = [await client.get("/management", headers=headers) for headers in ({}, lacking, granted)]
    codes = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert codes == [(401, "missing_token"), (403, "insufficient_scope"), (503, "management_not_configured")]
