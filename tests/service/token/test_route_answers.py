"""What routes would answer is what they do answer, for every route of the service and for guards of each kind."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security

from auth0_sso import protect
from auth0_sso.service.app import create_app
from auth0_sso.service.token.route_answers import RolesAtAuth0, RouteAnswer, answers_of
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import AUDIENCE, Issuer
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.own_checks import require
from auth0_sso.web.guards.rate_limits import rate_limit
from auth0_sso.web.guards.role_guards import require_all_roles, require_any_role
from auth0_sso.web.guards.token_guards import (
    CurrentToken,
    OptionalToken,
    UserToken,
    current_token,
    require_any_permission,
    require_permission,
    user_token,
)
from auth0_sso.web.services.services import open_services
from support.service import settings
from support.token_cases import NOW, KeysAtHand


async def answers(
    app: FastAPI, issuer: Issuer, token: str | None, *, reason: str | None = None, **changes: object
) -> dict[str, RouteAnswer]:
    chosen = settings(auth0_issuer_base_url="https://tenant.example.com/", **changes)
    roles = None if chosen.auth0_role_source == "claim" or not chosen.has_management else RolesAtAuth0()
    keys = KeysAtHand.of(issuer)
    async with open_services(chosen, keys=keys, roles=roles, clock=HandClock(NOW)) as services:
        verified = None if token is None else await services.verifier.verify(token)
        found = await answers_of(app, services, verified, reason)
    return {f"{each.method} {each.path}": each for each in found}


def own_app() -> FastAPI:
    app = FastAPI()

    async def never() -> None:
        raise AssertionError("no route is called")

    async def fails(token: AccessToken) -> bool:
        raise LookupError

    guards = {
        "/public": [],
        "/token": [Depends(current_token)],
        "/user": [Depends(user_token)],
        "/permission": [Depends(require_permission("write:data"))],
        "/any": [Depends(require_any_permission("write:data", "read:data"))],
        "/scope": [Security(current_token, scopes=["admin"])],
        "/any-role": [Depends(require_any_role("b", "a"))],
        "/roles": [Depends(require_all_roles("b", "a"))],
        "/limited": [Depends(rate_limit("1/minute", name="shared"))],
        "/limited-too": [Depends(rate_limit("1/minute", name="shared"))],
        "/own": [Depends(require(lambda token: token.subject == "x"))],
        "/fails": [Depends(require(fails))],
    }
    for path, dependencies in guards.items():
        app.get(path, dependencies=dependencies)(never)
    router = APIRouter(prefix="/v1", dependencies=[Depends(require_permission("write:data"))])
    router.post("/inner")(never)
    app.include_router(router)
    mounted = FastAPI()
    mounted.get("/deep", dependencies=[Depends(require_permission("write:data"))])(never)
    app.mount("/mounted", mounted)
    return protect(app, settings())


async def test_each_kind_of_guard_is_asked_and_no_route_is_called(issuer: Issuer, forge: Forge) -> None:
    found = await answers(own_app(), issuer, forge.token())
    assert {name.partition(" ")[2]: (each.status, each.words) for name, each in found.items()} == {
        "/public": (None, "public: it asks for no token"),
        "/token": (None, "passes"),
        "/user": (None, "passes"),
        "/permission": (403, "permission_missing: write:data"),
        "/any": (None, "passes"),
        "/scope": (403, "scope_missing: admin"),
        "/any-role": (None, "depends on the user's roles at Auth0: a or b"),
        "/roles": (None, "depends on the user's roles at Auth0: a and b"),
        "/limited": (None, "passes"),
        "/limited-too": (None, "passes"),
        "/own": (403, "check_failed"),
        "/fails": (None, "not known: a check raised LookupError outside a request"),
        "/v1/inner": (403, "permission_missing: write:data"),
        "/mounted/deep": (403, "permission_missing: write:data"),
    }


async def test_a_machine_is_refused_where_users_or_roles_are_asked_for(issuer: Issuer, forge: Forge) -> None:
    token = forge.token(sub="m2m@clients", gty="client-credentials", azp="m2m", aud=AUDIENCE)
    found = await answers(own_app(), issuer, token)
    assert (found["GET /user"].status, found["GET /user"].words) == (403, "no_user")
    assert (found["GET /roles"].status, found["GET /roles"].words) == (403, "no_user: a and b")


async def test_roles_in_a_claim_are_read(issuer: Issuer, forge: Forge) -> None:
    claim = "https://example.com/roles"
    changes = {"auth0_role_source": "claim", "auth0_role_claim": claim}
    found = await answers(own_app(), issuer, forge.token(**{claim: ["a"]}), **changes)
    assert found["GET /any-role"].words == "passes"
    assert (found["GET /roles"].status, found["GET /roles"].words) == (403, "role_missing: a and b")


async def test_without_management_credentials_role_guards_answer_503(issuer: Issuer, forge: Forge) -> None:
    changes = {"auth0_management_client_id": "", "auth0_management_client_secret": ""}
    found = await answers(own_app(), issuer, forge.token(), **changes)
    assert (found["GET /roles"].status, found["GET /roles"].words) == (503, "management_not_configured: a and b")


async def test_a_refused_token_gets_401_at_every_guard(issuer: Issuer) -> None:
    found = await answers(own_app(), issuer, None, reason="expired")
    assert {each.words for each in found.values() if each.status == 401} == {"expired"}
    assert [name for name, each in found.items() if each.status is None] == ["GET /public"]


async def test_every_route_of_the_service_is_there(issuer: Issuer, forge: Forge) -> None:
    app = create_app(settings())
    found = await answers(app, issuer, forge.token())
    paths = {f"{method.upper()} {path}" for path, item in app.openapi()["paths"].items() for method in item}
    assert {name.replace(":path}", "}") for name in found} == paths
    assert found["GET /"].words == "passes"
    assert found["GET /admin/users"].words == "depends on the user's roles at Auth0: admin"


@pytest.mark.parametrize("role_source", ["roles_of", "organization_roles_of"])
async def test_the_roles_at_auth0_are_never_looked_up(role_source: str, issuer: Issuer, forge: Forge) -> None:
    source = RolesAtAuth0()
    await source.invalidate("auth0|1")
    async with open_services(
        settings(auth0_issuer_base_url="https://tenant.example.com/"),
        keys=KeysAtHand.of(issuer),
        clock=HandClock(NOW),
    ) as services:
        token = await services.verifier.verify(forge.token())
    with pytest.raises(Exception, match="at Auth0"):
        await getattr(source, role_source)(token)


async def test_values_in_a_signature_are_guards_too(issuer: Issuer, forge: Forge) -> None:
    app = FastAPI()

    @app.get("/current")
    async def current(token: CurrentToken) -> None: ...

    @app.get("/optional")
    async def optional(token: OptionalToken) -> None: ...

    def subject(token: UserToken) -> str:
        return token.subject

    @app.get("/nested")
    async def nested(user: Annotated[str, Depends(subject)]) -> None: ...

    @app.get("/user")
    async def user(token: UserToken) -> None: ...

    found = await answers(protect(app, settings()), issuer, None, reason="expired")
    assert {name: each.status for name, each in found.items()} == {
        "GET /current": 401,
        "GET /optional": 401,
        "GET /nested": 401,
        "GET /user": 401,
    }
