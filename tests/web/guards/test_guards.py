"""Guards in the signatures of an app's own routes, against tokens of every kind."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI

from auth0_sso import (
    AccessToken,
    CurrentRoles,
    Management,
    require_all_roles,
    require_any_role,
    require_organization,
    require_role,
)
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.guards.role_guards import Roles
from auth0_sso.web.guards.token_guards import UserProfiles
from support.own_app import ROLES, protected


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/both")
    async def read_both(_: Annotated[AccessToken, Depends(require_all_roles("admin", "auditor"))]) -> str:
        return "both"

    @app.get("/within", dependencies=[Depends(require_all_roles("admin", "auditor", within_organization=True))])
    async def read_within() -> str:
        return "within"

    @app.get("/member")
    async def read_member(token: Annotated[AccessToken, Depends(require_organization())]) -> str | None:
        return token.organization

    @app.get("/acme")
    async def read_acme(_: Annotated[AccessToken, Depends(require_organization("org_acme", "org_other"))]) -> str:
        return "acme"

    return app


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/both", {ROLES: ["admin", "auditor", "more"]}, 200),
        ("/both", {ROLES: ["admin"]}, 403),
        ("/both", {ROLES: ["admin", "auditor"], "org_id": "org_any"}, 403),  # perhaps the customer gave them
        ("/within", {ROLES: ["admin", "auditor"], "org_id": "org_any"}, 200),
        ("/within", {ROLES: ["admin", "auditor"]}, 200),
        ("/within", {ROLES: ["admin"], "org_id": "org_any"}, 403),
        ("/both", {ROLES: "admin auditor"}, 403),
        ("/both", {}, 403),
        ("/both", {ROLES: ["admin", "auditor"], "sub": "machine@clients"}, 403),
        ("/member", {"org_id": "org_any"}, 200),
        ("/member", {}, 403),
        ("/acme", {"org_id": "org_acme"}, 200),
        ("/acme", {"org_id": "org_other"}, 200),
        ("/acme", {"org_id": "org_acm"}, 403),
        ("/acme", {"org_id": "ORG_ACME"}, 403),
        ("/acme", {}, 403),
    ],
    ids=str,
)
async def test_a_guard_passes_only_the_tokens_its_signature_names(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, Any], status: int
) -> None:
    async with protected(own_app(), issuer, clock) as client:
        token = issuer.token(user_claims(clock.now, **claims))
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
        if status == 403:
            assert answer.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')
        assert (await client.get(path)).status_code == 401


async def test_the_document_shows_that_a_guard_may_refuse(issuer: Issuer, clock: HandClock) -> None:
    async with protected(own_app(), issuer, clock) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    for path in ("/both", "/member", "/acme"):
        assert {"401", "403", "503"} <= paths[path]["get"]["responses"].keys()
        assert paths[path]["get"]["security"]


@pytest.mark.parametrize("guard", [require_any_role, require_all_roles])
@pytest.mark.parametrize("names", [(), ("",), ("admin", "")], ids=str)
def test_a_guard_without_a_name_is_refused_at_the_route_definition(guard: Any, names: tuple[str, ...]) -> None:  # noqa: ANN401 - either guard
    with pytest.raises(ValueError, match="name of one or more roles"):
        guard(*names)


def test_a_role_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name of one or more roles"):
        require_role("")


async def test_what_needs_the_management_api_is_503_without_credentials(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI()

    @app.get("/management")
    async def read_management(_: Management) -> None: ...

    @app.get("/profiles")
    async def read_profiles(_: UserProfiles) -> None: ...

    @app.get("/roles")
    async def read_roles(_: CurrentRoles) -> None: ...

    @app.get("/source")
    async def read_source(_: Roles) -> None: ...

    async with protected(app, issuer, clock, auth0_role_source="management", auth0_role_claim="") as client:
        headers = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}
        for path in ("/management", "/profiles", "/roles", "/source"):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "management_not_configured")
