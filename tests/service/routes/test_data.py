import asyncio
import re

from support.service import MANAGER, USER, Service


async def test_a_user_and_a_machine_both_get_the_data(service: Service) -> None:
    for headers in (await service.as_user(USER), await service.as_machine()):
        response = await service.api.get("/api/data", headers=headers)
        assert response.status_code == 200
        assert response.json().keys() == {"data", "timestamp"}


async def test_the_eleventh_request_in_a_minute_gets_retry_after(service: Service) -> None:
    headers = await service.as_user(USER)
    responses = [await service.api.get("/api/data", headers=headers) for _ in range(11)]
    assert [response.status_code for response in responses] == [200] * 10 + [429]
    refused = responses[-1]
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["retryAfter"] == int(refused.headers["Retry-After"])
    assert "WWW-Authenticate" not in refused.headers


async def test_every_response_has_ratelimit_headers(service: Service) -> None:
    response = await service.api.get("/api/data", headers=await service.as_user(USER))
    assert response.headers["RateLimit-Policy"] == '"10/minute";q=10;w=60'
    assert re.fullmatch(r'"10/minute";r=9;t=\d+', response.headers["RateLimit"])


async def test_ten_of_fifty_concurrent_requests_pass(service: Service) -> None:
    headers = await service.as_user(USER)
    responses = await asyncio.gather(*(service.api.get("/api/data", headers=headers) for _ in range(50)))
    assert sorted(response.status_code for response in responses) == [200] * 10 + [429] * 40


async def test_callers_do_not_spend_each_others_budget(service: Service) -> None:
    for _ in range(11):
        await service.api.get("/api/data", headers=await service.as_user(USER))
    assert (await service.api.get("/api/data", headers=await service.as_user(MANAGER))).status_code == 200


async def test_a_renewed_token_shares_the_budget_of_the_one_before(service: Service) -> None:
    for _ in range(10):
        assert (await service.api.get("/api/data", headers=await service.as_machine())).status_code == 200
    await service.clock.advance(5)
    assert (await service.api.get("/api/data", headers=await service.as_machine())).status_code == 429


async def test_a_forged_token_costs_its_victim_no_budget(service: Service) -> None:
    token = await service.user_token(USER)
    forged = {"Authorization": f"Bearer {token[:-8]}AAAAAAAA"}
    for _ in range(20):
        assert (await service.api.get("/api/data", headers=forged)).status_code == 401
    response = await service.api.get("/api/data", headers=await service.as_user(USER))
    assert response.headers["RateLimit"].startswith('"10/minute";r=9;')
