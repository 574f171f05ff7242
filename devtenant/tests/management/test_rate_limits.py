"""The rate limits of the Management API by plan."""

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import TenantOptions, create_tenant
from auth0_devtenant.seed import default_seed

from ..visitor import Visitor


async def call(visitor: Visitor, token: str, path: str = "roles") -> httpx.Response:
    return await visitor.client.get(f"api/v2/{path}", headers={"Authorization": f"Bearer {token}"})


async def test_the_free_plan_allows_two_requests_a_second(visitor: Visitor) -> None:
    visitor.tenant.set_rate_limit_plan("free")
    token = (await visitor.machine()).json()["access_token"]
    first, second, third = [await call(visitor, token) for _ in range(3)]
    assert [each.status_code for each in (first, second, third)] == [200, 200, 429]
    assert [each.headers["x-ratelimit-remaining"] for each in (first, second, third)] == ["1", "0", "0"]
    assert third.json() == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "Global limit has been reached",
        "errorCode": "too_many_requests",
    }
    assert third.headers["x-ratelimit-limit"] == "2"
    assert int(third.headers["x-ratelimit-reset"]) == int(visitor.clock.now) + 1
    visitor.clock.now += 0.5
    assert [(await call(visitor, token)).status_code for _ in range(2)] == [200, 429]
    visitor.clock.now += 3600
    assert [(await call(visitor, token)).status_code for _ in range(3)] == [200, 200, 429]


async def test_the_plan_is_switched_over_http(visitor: Visitor) -> None:
    token = (await visitor.machine()).json()["access_token"]
    assert (await visitor.client.put("_development/rate-limits", json={"plan": "free"})).json() == {"plan": "free"}
    assert [(await call(visitor, token)).status_code for _ in range(3)] == [200, 200, 429]
    refused = await visitor.client.put("_development/rate-limits", json={"plan": "gold"})
    assert (refused.status_code, "plan" in refused.json()["message"]) == (400, True)
    await visitor.client.put("_development/rate-limits", json={"plan": "off"})
    assert (await call(visitor, token)).status_code == 200
    assert (await visitor.client.get("_development/rate-limits")).json() == {"plan": "off"}


async def test_the_enterprise_plan_has_a_burst_of_fifty(visitor: Visitor) -> None:
    visitor.tenant.set_rate_limit_plan("enterprise")
    token = (await visitor.machine()).json()["access_token"]
    statuses = [(await call(visitor, token)).status_code for _ in range(51)]
    assert (statuses.count(200), statuses[-1]) == (50, 429)
    visitor.clock.now += 1
    assert [(await call(visitor, token)).status_code for _ in range(17)].count(200) == 16


async def test_without_a_plan_nothing_is_limited(visitor: Visitor) -> None:
    token = (await visitor.machine()).json()["access_token"]
    answers = [await call(visitor, token) for _ in range(120)]
    assert {answer.status_code for answer in answers} == {200}
    assert int(answers[-1].headers["x-ratelimit-reset"]) == int(visitor.clock.now) + 1


async def test_a_plan_that_is_switched_on_again_begins_full(visitor: Visitor) -> None:
    token = (await visitor.machine()).json()["access_token"]
    for _ in range(2):
        visitor.tenant.set_rate_limit_plan("free")
        assert [(await call(visitor, token)).status_code for _ in range(3)] == [200, 200, 429]


async def test_refused_requests_count_as_well(visitor: Visitor) -> None:
    visitor.tenant.set_rate_limit_plan("free")
    token = (await visitor.machine()).json()["access_token"]
    missing = [await call(visitor, token, "users/none") for _ in range(3)]
    assert [each.status_code for each in missing] == [404, 404, 429]
    assert "x-ratelimit-limit" not in missing[0].headers


def test_a_seed_can_start_with_a_plan(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    seed = default_seed().model_copy(update={"rate_limit_plan": "free"})
    tenant = create_tenant(TenantOptions(seed=seed), signing_keys=rsa_keys).state.tenant
    assert tenant.state.rate_limit_plan == "free"
