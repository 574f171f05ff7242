"""The claims about the session in access tokens, as a post-login Action adds them."""

from typing import Any

import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_ID, TenantOptions
from auth0_devtenant.authentication.request import MULTI_FACTOR
from auth0_devtenant.seed import default_seed

from .visitor import ADMIN, Visitor, query_of, segments

NAMES = {"sid", "amr", "auth_time", "acr"}


async def tokens_of(visitor: Visitor, **changes: str | None) -> dict[str, Any]:
    answer = await visitor.authorize(**changes)
    if answer.headers["Location"].startswith("/u/login"):
        answer = await visitor.click(answer, username=ADMIN.email, password=ADMIN.password)
    if answer.headers["Location"].startswith("/u/mfa"):
        await visitor.client.get(answer.headers["Location"])
        (login,) = visitor.tenant.state.logins.values()
        answer = await visitor.click(answer, code=login.code)
    body: dict[str, Any] = (await visitor.redeem(query_of(answer)["code"])).json()
    return body


def claims_of(body: dict[str, Any], namespace: str = "https://api.example.com/") -> dict[str, Any]:
    """Return the claims in the namespace, by their names without it."""
    claims = segments(body["access_token"])[1]
    assert not claims.keys() & NAMES, "Auth0 does not add the bare names"
    return {name.removeprefix(namespace): value for name, value in claims.items() if name.startswith(namespace)}


async def test_an_access_token_says_what_the_id_token_says_of_the_session(visitor: Visitor) -> None:
    body = await tokens_of(visitor)
    claims, id_token = claims_of(body), segments(body["id_token"])[1]
    assert claims == {"sid": id_token["sid"], "amr": ["pwd"], "auth_time": id_token["auth_time"]}


async def test_a_second_factor_is_in_amr_and_acr(visitor: Visitor) -> None:
    first = claims_of(await tokens_of(visitor))
    visitor.clock.now += 60
    second = claims_of(await tokens_of(visitor, acr_values=MULTI_FACTOR))
    assert (second["amr"], second["acr"]) == (["pwd", "mfa"], MULTI_FACTOR)
    assert (second["sid"], second["auth_time"]) == (first["sid"], first["auth_time"] + 60)


async def test_max_age_leads_to_a_newer_auth_time(visitor: Visitor) -> None:
    first = claims_of(await tokens_of(visitor))
    visitor.clock.now += 61
    assert claims_of(await tokens_of(visitor))["auth_time"] == first["auth_time"]
    assert claims_of(await tokens_of(visitor, max_age="60"))["auth_time"] == first["auth_time"] + 61


async def test_a_refresh_does_not_renew_auth_time(visitor: Visitor) -> None:
    body = await tokens_of(visitor)
    visitor.clock.now += 600
    assert claims_of((await visitor.refresh(body["refresh_token"])).json()) == claims_of(body)


async def test_machines_and_the_management_api_have_no_claims_of_a_session(visitor: Visitor) -> None:
    machine = (await visitor.machine()).json()
    assert claims_of(machine, visitor.options.management_audience) == {}
    assert claims_of(await tokens_of(visitor, audience=visitor.options.management_audience), "http") == {}
    assert MANAGEMENT_CLIENT_ID in segments(machine["access_token"])[1]["sub"]


class TestOtherNamespaces:
    @pytest.fixture(params=["https://claims.example.com/", False])
    def options(self, request: pytest.FixtureRequest) -> TenantOptions:
        return TenantOptions(seed=default_seed().model_copy(update={"session_claims": request.param}))

    async def test_the_namespace_can_be_another_one_or_none(self, visitor: Visitor) -> None:
        body = await tokens_of(visitor)
        wanted = set() if visitor.options.seed.session_claims is False else {"sid", "amr", "auth_time"}
        assert claims_of(body, "https://claims.example.com/").keys() == wanted
        assert claims_of(body) == {}
