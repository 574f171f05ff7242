"""Guards and dependencies of an app's own with AUTH0_ISSUERS: each works with the tenant of the request's token."""

from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from auth0_sso import CurrentToken, Management, protect, public_route
from auth0_sso.testing.clock import HandClock
from auth0_sso.web.guards.role_guards import Roles
from auth0_sso.web.guards.token_guards import UserProfiles
from support.service import person_id
from support.two_tenants import FIRST, OTHER, USER, Callers, TwoTenants, settings_of_both

USER_ID = person_id(USER)


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/name")
    async def name(profiles: UserProfiles, token: CurrentToken) -> str | None:
        """Return the profile's name; the profiles are asked for before the token."""
        return (await profiles.get(token.subject)).name

    @app.get("/roles")
    async def roles(source: Roles, token: CurrentToken) -> list[str]:
        return sorted(await source.roles_of(token))

    @app.get("/users")
    @public_route
    async def users(management: Management) -> str | None:
        """Return a name without asking for a token."""
        return (await management.get_user(USER_ID)).name

    return app


@pytest.fixture
async def callers(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> Callers:
    callers = Callers(TwoTenants(rsa_keys, clock))
    for issuer, name in ((FIRST.issuer, "First"), (OTHER.issuer, "Other")):
        await callers.manage(issuer, "PATCH", f"/users/{USER_ID}", {"name": name})
    (role,) = [
        each for each in (await callers.manage(OTHER.issuer, "GET", "/roles")).json() if each["name"] == "manager"
    ]
    await callers.manage(OTHER.issuer, "POST", f"/users/{USER_ID}/roles", {"roles": [role["id"]]})
    return callers


@pytest.fixture
async def api(callers: Callers, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    app = protect(own_app(), settings_of_both(), transport=callers.tenants, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example.com") as api,
    ):
        yield api


@pytest.mark.parametrize(("issuer", "name"), [(FIRST.issuer, "First"), (OTHER.issuer, "Other")])
async def test_profiles_are_those_of_the_tokens_tenant_even_if_asked_for_before_the_token(
    api: httpx.AsyncClient, callers: Callers, issuer: str, name: str
) -> None:
    response = await api.get("/name", headers=await callers.headers(issuer, USER))
    assert (response.status_code, response.json()) == (200, name)


async def test_a_role_source_is_that_of_the_tokens_tenant(api: httpx.AsyncClient, callers: Callers) -> None:
    found = [
        (await api.get("/roles", headers=await callers.headers(issuer, USER))).json()
        for issuer in (FIRST.issuer, OTHER.issuer)
    ]
    assert found == [[], ["manager"]]


async def test_without_a_token_a_public_route_works_with_the_first_tenant(
    api: httpx.AsyncClient, callers: Callers
) -> None:
    assert (await api.get("/users")).json() == "First"
    assert (await api.get("/users", headers=await callers.headers(OTHER.issuer, USER))).json() == "Other"


async def test_a_bad_token_does_not_become_the_first_tenants(api: httpx.AsyncClient) -> None:
    response = await api.get("/users", headers={"Authorization": "Bearer a.b.c"})
    assert response.status_code == 401
