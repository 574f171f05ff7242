"""Checks of an app's own, with `require`, and errors of its own below ours."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from auth0_sso import AccessToken, require
from auth0_sso.errors import CallerError, InsufficientScopeError, InvalidTokenError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import protected


class TenantSuspendedError(InsufficientScopeError):
    """The customer's subscription has ended."""

    code: ClassVar[str] = "tenant_suspended"

    def __init__(self) -> None:
        super().__init__("suspended", "Your subscription has ended.", scopes=("billing",))


class RevokedError(InvalidTokenError):
    """The session was ended by hand."""

    code: ClassVar[str] = "token_revoked"


class TeapotError(CallerError):
    """A caller's mistake of another kind."""

    code: ClassVar[str] = "teapot"


def is_staff(token: AccessToken) -> bool:
    return str(token.claims.get("email", "")).endswith("@example.com")


async def is_staff_after_a_look(token: AccessToken) -> bool:
    return is_staff(token)


def is_of_path(token: AccessToken, request: Request) -> bool:
    return token.organization == str(request.path_params["tenant"])


def has_paid(token: AccessToken) -> bool:
    if token.organization == "org_unpaid":
        raise TenantSuspendedError
    return True


def is_not_revoked(token: AccessToken) -> bool:
    raise RevokedError("revoked", f"Log in again, {'x' * len(token.subject)}.")


def is_no_teapot(_: AccessToken) -> bool:
    raise TeapotError("Short and stout.", reason="stout")


def forgets_to_return(token: AccessToken) -> None:
    token.claims.get("email")


CHECKS: dict[str, Any] = {
    "/sync": require(is_staff, detail="Only for staff.", description="Only for **staff**: 100 %."),
    "/async": require(is_staff_after_a_look),
    "/lambda": require(lambda token: token.claims.get("email") == "x@example.com"),
    "/tenants/{tenant}": require(is_of_path),
    "/paid": require(has_paid, refusals=(TenantSuspendedError,)),
    "/revoked": require(is_not_revoked),
    "/teapot": require(is_no_teapot),
    "/forgetful": require(forgets_to_return),  # type: ignore[arg-type]  # a type checker says it first
    "/truthy": require(lambda token: token.claims.get("email")),
}


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    for path, guard in CHECKS.items():

        @app.get(path, dependencies=[Depends(guard)])
        async def read() -> str:
            """Read it."""
            return "passed"

    async with protected(app, issuer, clock) as client:
        yield client


async def get(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient, path: str, **claims: object
) -> httpx.Response:
    token = issuer.token(user_claims(clock.now, **claims))
    return await client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("path", ["/sync", "/async", "/lambda"])
async def test_a_check_passes_the_tokens_it_is_true_for(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient, path: str
) -> None:
    assert (await get(issuer, clock, client, path, email="x@example.com")).status_code == 200
    refused = await get(issuer, clock, client, path, email="x@example.org")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')
    assert (await client.get(path)).status_code == 401, "the check was asked about no token"


async def test_the_caller_reads_the_detail_of_the_check(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    assert (await get(issuer, clock, client, "/sync")).json()["detail"] == "Only for staff."


async def test_a_check_may_look_at_the_request(issuer: Issuer, clock: HandClock, client: httpx.AsyncClient) -> None:
    assert (await get(issuer, clock, client, "/tenants/org_a", org_id="org_a")).status_code == 200
    assert (await get(issuer, clock, client, "/tenants/org_b", org_id="org_a")).status_code == 403


@pytest.mark.parametrize("path", ["/forgetful", "/truthy"])
async def test_a_check_that_returns_no_bool_opens_nothing(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient, path: str
) -> None:
    assert (await get(issuer, clock, client, path, email="x@example.com")).status_code == 500


async def test_an_own_error_has_its_bases_status_and_its_own_code(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    assert (await get(issuer, clock, client, "/paid", org_id="org_a")).status_code == 200
    refused = await get(issuer, clock, client, "/paid", org_id="org_unpaid")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    assert refused.json()["detail"] == "Your subscription has ended."
    stout = await get(issuer, clock, client, "/teapot")
    assert (stout.status_code, stout.json()["code"], stout.json()["detail"]) == (400, "teapot", "Short and stout.")
    assert "WWW-Authenticate" not in stout.headers


async def test_the_challenge_of_an_own_error_has_a_standard_code(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    refused = await get(issuer, clock, client, "/paid", org_id="org_unpaid")
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", error_description="Your subscription has ended.", scope="billing", '
        'DPoP algs="ES256"'
    )
    revoked = await get(issuer, clock, client, "/revoked")
    assert (revoked.status_code, revoked.json()["code"]) == (401, "token_revoked")
    assert revoked.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", error_description="Log in')


async def test_the_document_shows_what_a_check_requires_and_refuses_with(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/sync"]["get"]
    assert operation["description"] == "Read it.\n\nOnly for **staff**: 100 %."
    assert "insufficient_scope" in str(operation["responses"]["403"])
    assert "tenant_suspended" in str(document["paths"]["/paid"]["get"]["responses"]["403"])
    assert document["components"]["securitySchemes"].keys() == {"bearer", "auth0"}
