"""Guards made alike are equal, so that `dependency_overrides` finds them; guards that differ are not."""

from collections.abc import AsyncIterator, Callable
from itertools import combinations
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Security

from auth0_sso import (
    AccessToken,
    CurrentOrganizationRoles,
    CurrentRoles,
    CurrentToken,
    LimitedToken,
    Management,
    OptionalToken,
    UserToken,
    current_organization_roles,
    current_roles,
    current_token,
    get_management,
    limited_token,
    optional_token,
    rate_limit,
    require,
    require_all_roles,
    require_any_permission,
    require_any_role,
    require_any_scope,
    require_email_domain,
    require_network,
    require_organization,
    require_permission,
    require_role,
    require_scope,
    user_token,
)
from auth0_sso.errors import ConflictError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.guards.guard import Guard
from support.own_app import protected


def is_verified(token: AccessToken) -> bool:
    return token.claims.get("email_verified") is True


def is_staff(token: AccessToken) -> bool:
    return str(token.claims.get("email", "")).endswith("@example.com")


MADE: dict[str, Callable[[], Guard]] = {
    "role": lambda: require_role("admin"),
    "other role": lambda: require_role("manager"),
    "role, stale": lambda: require_role("admin", stale_ok=True),
    "role, within": lambda: require_role("admin", within_organization=True),
    "any of two roles": lambda: require_any_role("admin", "manager"),
    "all of two roles": lambda: require_all_roles("admin", "manager"),
    "scope": lambda: require_scope("read:a"),
    "two scopes": lambda: require_scope("read:a", "read:b"),
    "any of two scopes": lambda: require_any_scope("read:a", "read:b"),
    "permission": lambda: require_permission("read:a"),
    "two permissions": lambda: require_permission("read:a", "read:b"),
    "any of two permissions": lambda: require_any_permission("read:a", "read:b"),
    "any organization": require_organization,
    "organization": lambda: require_organization("org_a"),
    "email domain": lambda: require_email_domain("example.com"),
    "other email domain": lambda: require_email_domain("example.org"),
    "email domain by claim": lambda: require_email_domain("example.com", namespace="https://example.com/"),
    "network": lambda: require_network("10.0.0.0/8"),
    "other network": lambda: require_network("10.0.0.0/9"),
    "limit": lambda: rate_limit("1/minute"),
    "other limit": lambda: rate_limit("2/minute"),
    "limit by name": lambda: rate_limit("1/minute", name="x"),
    "limit by cost": lambda: rate_limit("2/minute", cost=2),
    "limit with exempt": lambda: rate_limit("1/minute", exempt_clients=("x",)),
    "default limit": rate_limit,
    "own": lambda: require(is_verified),
    "other own": lambda: require(is_staff),
    "own with a detail": lambda: require(is_verified, detail="Verify your address first."),
    "own with a refusal": lambda: require(is_verified, refusals=(ConflictError,)),
    "own with a description": lambda: require(is_verified, description="For verified addresses."),
    "token": lambda: current_token,
    "optional": lambda: optional_token,
    "user": lambda: user_token,
    "limited": lambda: limited_token,
    "roles": lambda: current_roles,
    "organization roles": lambda: current_organization_roles,
}


@pytest.mark.parametrize("name", MADE)
def test_guards_made_alike_are_equal(name: str) -> None:
    assert MADE[name]() == MADE[name]()
    assert hash(MADE[name]()) == hash(MADE[name]())
    assert MADE[name]() != name


def test_guards_that_ask_for_the_same_in_another_order_are_equal() -> None:
    assert require_any_role("a", "b") == require_any_role("b", "a", "b")
    assert require_scope("a", "b") == require_scope("b", "a")
    assert require_permission("a", "b") == require_permission("b", "a", "b")
    assert require_organization("a", "b") == require_organization("b", "a")
    assert require_email_domain("a.example", "b.example") == require_email_domain("B.example", "a.example")
    assert require_network("::/8", "10.0.0.0/8") == require_network("10.0.0.0/8", "::/8")
    assert require_role("a") == require_any_role("a")


def test_guards_that_differ_are_not_equal() -> None:
    for one, other in combinations(MADE, 2):
        assert MADE[one]() != MADE[other](), (one, other)


@pytest.mark.parametrize("name", MADE)
async def test_an_override_reaches_the_guard_it_names_and_no_other(
    issuer: Issuer, clock: HandClock, name: str
) -> None:
    app = FastAPI()
    app.dependency_overrides[MADE[name]()] = lambda: "stood in"
    for path, make in MADE.items():

        @app.get(f"/{path}")
        async def read(value: Annotated[Any, Security(make(), scopes=["read:x"])]) -> str:  # noqa: ANN401 - any guard's
            return str(value)

    async with protected(app, issuer, clock) as client:
        statuses = {path: (await client.get(f"/{path}")).status_code for path in MADE}
        assert (await client.get(f"/{name}")).json() == "stood in"
    assert statuses == {path: 200 if path == name else 401 for path in MADE}


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a route for each ready-made dependency, all of them overridden."""
    app = FastAPI()
    for each in (current_token, optional_token, user_token, limited_token, current_roles, current_organization_roles):
        app.dependency_overrides[each] = lambda: "stood in"
    app.dependency_overrides[get_management] = lambda: "stood in"

    @app.get("/all")
    async def read(
        a: CurrentToken,
        b: OptionalToken,
        c: UserToken,
        d: LimitedToken,
        e: CurrentRoles,
        f: CurrentOrganizationRoles,
        g: Management,
    ) -> list[str]:
        return [str(each) for each in (a, b, c, d, e, f, g)]

    async with protected(app, issuer, clock) as client:
        yield client


async def test_ready_made_dependencies_are_overridden_by_their_names(client: httpx.AsyncClient) -> None:
    assert (await client.get("/all")).json() == ["stood in"] * 7


async def test_equal_guards_run_once_for_a_request_and_others_each(issuer: Issuer, clock: HandClock) -> None:
    asked: list[str] = []

    async def note(token: AccessToken) -> bool:
        asked.append(token.subject)
        return True

    app = FastAPI(dependencies=[Depends(require(note))])

    @app.get("/x", dependencies=[Depends(require(note)), Depends(require(note, detail="another"))])
    async def read() -> str:
        return "x"

    async with protected(app, issuer, clock) as client:
        headers = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}
        assert (await client.get("/x", headers=headers)).status_code == 200
    assert len(asked) == 2
