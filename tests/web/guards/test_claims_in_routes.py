"""What a route may do with `token.claims`: answer with them, and change nothing for the next request."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_sso import CurrentToken, require_role
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import ROLES, protected

NESTED = "https://example.com/nested"
VALUE = {"list": ["a", {"deep": [1]}], "object": {"list": []}}


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/untyped")
    async def untyped(token: CurrentToken):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as many routes are
        return token.claims

    @app.get("/dict")
    async def as_dict(token: CurrentToken) -> dict[str, object]:
        return token.claims  # type: ignore[return-value]  # FastAPI takes any mapping

    @app.get("/mapping")
    async def mapping(token: CurrentToken) -> Mapping[str, Any]:
        return token.claims

    @app.get("/inside")
    async def inside(token: CurrentToken) -> dict[str, object]:
        return {"claims": token.claims, "nested": token.claims[NESTED]}

    @app.get("/grow")
    async def grow(token: CurrentToken) -> list[str]:
        names: Any = token.claims[ROLES]
        names.append("admin")
        return list(names)

    @app.get("/secret")
    async def secret(_: Annotated[object, Depends(require_role("admin"))]) -> str:
        return "for administrators"

    return app


@pytest.fixture
async def api(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(user_claims(clock.now, **{ROLES: ["viewer"], NESTED: VALUE}))
    async with protected(own_app(), issuer, clock) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.mark.parametrize("path", ["/untyped", "/dict", "/mapping"])
async def test_claims_can_be_an_answer_under_any_annotation(api: httpx.AsyncClient, path: str) -> None:
    for _ in range(2):
        answer = (await api.get(path)).json()
        assert (answer[ROLES], answer[NESTED]) == (["viewer"], VALUE)


async def test_claims_can_be_a_part_of_an_answer(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/inside")).json()
    assert answer["claims"][NESTED] == answer["nested"] == VALUE


async def test_a_route_that_changes_a_claim_fails_and_raises_no_role(api: httpx.AsyncClient) -> None:
    statuses = [(await api.get(path)).status_code for path in ("/secret", "/grow", "/secret")]
    assert statuses == [403, 500, 403]
    assert (await api.get("/dict")).json()[ROLES] == ["viewer"]
