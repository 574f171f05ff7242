"""Rate limits on an app's own routes: who is counted, what is counted, what is answered."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import APIRouter, Depends, FastAPI

from auth0_devtenant import MACHINE_CLIENT_ID
from auth0_sso import AccessToken, CurrentToken, LimitedToken, harden, rate_limit
from auth0_sso.testing.clock import HandClock
from support.redis_server import RedisServer
from support.service import MANAGER, USER, Service, replica, running_service
from support.tcp_proxy import tcp_proxy

Keys = tuple[rsa.RSAPrivateKey, ...]


versioned = APIRouter(dependencies=[Depends(rate_limit("1/minute"))])


@versioned.get("/item")
async def read_item() -> str:
    return "x"


dear = APIRouter(prefix="/dear-by-default")


@dear.get("/two", dependencies=[Depends(rate_limit(cost=2))])
async def read_for_two() -> str:
    return "x"


@dear.get("/six", dependencies=[Depends(rate_limit(cost=6))])
async def read_for_six() -> str:
    return "x"


def own_app() -> FastAPI:
    app = FastAPI()
    group = APIRouter(prefix="/group", dependencies=[Depends(rate_limit("3/minute", name="group"))])

    @app.get("/public", dependencies=[Depends(rate_limit("2/minute;3/hour"))])
    async def read_public() -> str:
        return "x"

    @app.get("/dear", dependencies=[Depends(rate_limit("10/minute", cost=4))])
    async def read_dear() -> str:
        return "x"

    @app.get("/default")
    async def read_by_default(token: LimitedToken) -> str:
        return token.subject

    @app.get("/also-default", dependencies=[Depends(rate_limit())])
    async def read_by_default_too(token: CurrentToken) -> str:
        return token.subject

    @app.get("/who")
    async def read_who(token: Annotated[AccessToken | None, Depends(rate_limit("100/minute"))]) -> str:
        return "anonymous" if token is None else token.subject

    @app.get(
        "/exempt",
        dependencies=[Depends(rate_limit("1/minute", exempt_permissions=("read:data",), exempt_clients=("app",)))],
    )
    async def read_exempt() -> str:
        return "x"

    @group.get("/one")
    async def read_one() -> str:
        return "x"

    @group.get("/two")
    async def read_two() -> str:
        return "x"

    twice = APIRouter(prefix="/twice", dependencies=[Depends(rate_limit())])

    @twice.get("/same", dependencies=[Depends(rate_limit())])
    async def read_same() -> str:
        return "x"

    app.include_router(group)
    app.include_router(twice)
    app.include_router(dear)
    app.include_router(versioned, prefix="/v1")
    app.include_router(versioned, prefix="/v2")
    return app


def own(
    keys: Keys, clock: HandClock, *, proxies: Sequence[str] = (), **changes: object
) -> AbstractAsyncContextManager[Service]:
    """Run the app above beside a development tenant."""
    app = harden(own_app(), trusted_proxies=proxies)
    return running_service(keys, clock, app=app, cut=False, rate_limit="5/minute", **changes)


@pytest.fixture
async def app(rsa_keys: Keys, clock: HandClock) -> AsyncIterator[Service]:
    async with own(rsa_keys, clock) as running:
        yield running


async def statuses(service: Service, path: str, number: int, headers: dict[str, str] | None = None) -> list[int]:
    return [(await service.api.get(path, headers=headers)).status_code for _ in range(number)]


async def test_without_a_token_the_address_is_counted(app: Service) -> None:
    assert await statuses(app, "/public", 3) == [200, 200, 429]
    elsewhere = httpx.ASGITransport(app.app, client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="https://service.example.com") as other:
        assert (await other.get("/public")).status_code == 200


async def test_a_subject_is_counted_whatever_its_address(app: Service) -> None:
    user, manager = await app.as_user(USER), await app.as_user(MANAGER)
    assert await statuses(app, "/public", 3, user) == [200, 200, 429]
    assert await statuses(app, "/public", 1, manager) == [200]
    assert await statuses(app, "/public", 1) == [200]


async def test_the_headers_name_all_limits_and_the_longest_wait(app: Service) -> None:
    first = await app.api.get("/public")
    assert first.headers["RateLimit-Policy"] == '"2/minute";q=2;w=60, "3/hour";q=3;w=3600'
    assert first.headers["RateLimit"] == '"2/minute";r=1;t=60, "3/hour";r=2;t=3600'
    await app.api.get("/public")
    assert (await app.api.get("/public")).headers["Retry-After"] == "60"
    await app.clock.advance(60)
    assert (await app.api.get("/public")).status_code == 200
    refused = await app.api.get("/public")
    assert refused.json()["retryAfter"] == int(refused.headers["Retry-After"]) == 3540
    assert refused.headers["RateLimit"] == '"2/minute";r=1;t=60, "3/hour";r=0;t=3540'
    await app.clock.advance(3540)
    assert (await app.api.get("/public")).status_code == 200


async def test_a_request_takes_its_cost(app: Service) -> None:
    assert await statuses(app, "/dear", 3) == [200, 200, 429]
    assert (await app.api.get("/dear")).headers["RateLimit"].startswith('"10/minute";r=2;')


async def test_a_request_takes_its_cost_of_the_setting(app: Service) -> None:
    assert await statuses(app, "/dear-by-default/two", 3) == [200, 200, 429]
    assert (await app.api.get("/dear-by-default/two")).headers["RateLimit"].startswith('"5/minute";r=1;')


async def test_a_cost_that_never_fits_the_setting_fails_the_first_request(app: Service) -> None:
    with pytest.raises(ValueError, match="costs"):
        await app.api.get("/dear-by-default/six")


async def test_only_routes_that_share_a_name_share_a_budget(app: Service) -> None:
    assert await statuses(app, "/group/one", 2) + await statuses(app, "/group/two", 2) == [200, 200, 200, 429]
    user = await app.as_user(USER)
    assert await statuses(app, "/default", 6, user) == [200] * 5 + [429]
    assert await statuses(app, "/also-default", 6, user) == [200] * 5 + [429]


async def test_a_router_included_twice_has_two_budgets(app: Service) -> None:
    assert await statuses(app, "/v1/item", 2) == [200, 429]
    assert await statuses(app, "/v2/item", 2) == [200, 429]


async def test_the_guard_gives_the_token_or_none(app: Service) -> None:
    assert (await app.api.get("/who")).json() == "anonymous"
    assert (await app.api.get("/who", headers=await app.as_user(USER))).json().startswith("auth0|")


async def test_a_bad_token_is_refused_and_another_scheme_is_ignored(app: Service) -> None:
    bad = await app.api.get("/who", headers={"Authorization": "Bearer not.a.token"})
    assert (bad.status_code, bad.json()["code"]) == (401, "invalid_token")
    assert (await app.api.get("/who", headers={"Authorization": "Basic dXNlcjp3b3Jk"})).json() == "anonymous"


async def test_exempt_callers_are_not_counted_and_get_no_limit_headers(app: Service) -> None:
    headers = await app.as_machine()  # it has read:data
    answers = [await app.api.get("/exempt", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit" not in answers[-1].headers
    assert await statuses(app, "/exempt", 2) == [200, 429]


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({"rate_limit_exempt_clients": f"other,{MACHINE_CLIENT_ID}"}, 9),
        ({"rate_limit_exempt_permissions": "read:data,other"}, 9),
        ({"rate_limit_exempt_clients": "other", "rate_limit_exempt_permissions": "other"}, 5),
    ],
    ids=["client", "permission", "neither"],
)
async def test_the_settings_exempt_from_every_limit(
    rsa_keys: Keys, clock: HandClock, changes: dict[str, str], passed: int
) -> None:
    async with own(rsa_keys, clock, **changes) as app:
        assert (await statuses(app, "/default", 9, await app.as_machine())).count(200) == passed


@pytest.mark.parametrize("policy", ["", "often", "10/minute;20/minute"])
def test_a_policy_that_cannot_be_parsed_is_refused_at_its_definition(policy: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        rate_limit(policy)


def test_a_cost_that_never_fits_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="costs"):
        rate_limit("10/minute;100/hour", cost=11)


@pytest.mark.parametrize("cost", [0, -1])
def test_a_cost_of_nothing_is_refused_where_it_is_written(cost: int) -> None:
    with pytest.raises(ValueError, match="costs"):
        rate_limit(cost=cost)


async def test_a_limit_of_both_a_router_and_its_route_counts_once(app: Service) -> None:
    assert await statuses(app, "/twice/same", 6) == [200] * 5 + [429]


async def test_the_document_shows_limits_and_that_a_token_is_optional(app: Service) -> None:
    public = (await app.api.get("/openapi.json")).json()["paths"]["/public"]["get"]
    assert public["security"] == [{}, {"bearer": []}, {"auth0": []}]
    assert {"429", "503"} <= public["responses"].keys()


async def test_failures_of_one_address_are_answered_429_past_their_limit(
    app: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    token = await app.user_token(USER)
    forged = {"Authorization": f"Bearer {token[:-8]}AAAAAAAA"}
    assert await statuses(app, "/who", 22, forged) == [401] * 20 + [429] * 2
    refused = await app.api.get("/who", headers=forged)
    assert (refused.json()["code"], "WWW-Authenticate" in refused.headers) == ("rate_limited", False)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "refused: authentication_failures" in caplog.text
    assert forged["Authorization"][7:] not in caplog.text

    # Other requests from the same address pass: those with a good token, and those without one.
    assert await statuses(app, "/who", 1, await app.as_user(MANAGER)) == [200]
    assert await statuses(app, "/who", 1) == [200]
    await app.clock.advance(int(refused.headers["Retry-After"]))
    assert await statuses(app, "/who", 1, forged) == [401]


async def test_an_expired_token_gets_401_however_often_it_comes(app: Service) -> None:
    headers = await app.as_user(USER)
    await app.clock.advance(90_000)
    for _ in range(30):
        answer = await app.api.get("/who", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (401, "The access token has expired.")


async def test_failures_can_be_left_uncounted(rsa_keys: Keys, clock: HandClock) -> None:
    async with own(rsa_keys, clock, auth_failure_rate_limit="off") as app:
        assert set(await statuses(app, "/who", 50, {"Authorization": "Bearer not.a.token"})) == {401}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "passed"),
    [
        ("", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 2),  # not named: the proxy is the caller
        ("127.0.0.1", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 3),
        ("127.0.0.1", ["192.0.2.1", "1.1.1.1, 192.0.2.1", "2.2.2.2, 192.0.2.1"], 2),  # its own lies do not help
        ("127.0.0.0/8,10.0.0.0/8", ["192.0.2.1, 10.0.0.5", "192.0.2.2, 10.0.0.5", "192.0.2.3, 10.0.0.6"], 3),
        ("10.0.0.0/8", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 2),
    ],
)
async def test_an_address_is_taken_from_named_proxies_alone(
    rsa_keys: Keys, clock: HandClock, proxies: str, forwarded: list[str], passed: int
) -> None:
    async with own(rsa_keys, clock, proxies=[proxy for proxy in proxies.split(",") if proxy]) as app:
        answers = [await app.api.get("/public", headers={"X-Forwarded-For": value}) for value in forwarded]
        assert [answer.status_code for answer in answers].count(200) == passed


async def test_two_replicas_with_one_store_let_exactly_ten_of_fifty_through(
    rsa_keys: Keys, clock: HandClock, redis: RedisServer
) -> None:
    shared: dict[str, Any] = {"rate_limit_storage_url": redis.url, "rate_limit_store_timeout_seconds": 5}
    async with running_service(rsa_keys, clock, **shared) as one, replica(one, **shared) as two:
        headers = await one.as_user(USER)
        asked = [replica.api.get("/api/data", headers=headers) for replica in (one, two) * 25]
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 40
        assert (await one.api.get("/readyz")).json()["sharedStore"] == {"state": "up", "lastError": None}


async def test_a_store_that_answers_late_counts_exactly_and_is_no_outage(
    rsa_keys: Keys, clock: HandClock, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with tcp_proxy(redis.port) as slow:
        shared: dict[str, Any] = {"rate_limit_storage_url": slow.url, "rate_limit_store_timeout_seconds": 5}
        async with running_service(rsa_keys, clock, **shared) as one, replica(one, **shared) as two:
            headers = await one.as_user(USER)
            slow.delay = 0.2
            started = time.perf_counter()
            answers = await asyncio.gather(*(each.api.get("/api/data", headers=headers) for each in (one, two) * 25))
            took = time.perf_counter() - started
            slow.delay = 0
            assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 40
            assert took < 25 * 0.2, "requests waited for each other's answers"
            assert took >= 0.2
            for each in (one, two):
                assert (await each.api.get("/readyz")).json()["sharedStore"] == {"state": "up", "lastError": None}
    assert "shared store is down" not in caplog.text


@pytest.mark.parametrize(
    ("choice", "expected"), [("local", [200] * 10 + [429] * 5), ("allow", [200] * 15), ("deny", [503] * 15)]
)
async def test_a_store_that_is_down_leaves_what_was_chosen_and_recovers(
    rsa_keys: Keys, clock: HandClock, redis: RedisServer, choice: str, expected: list[int]
) -> None:
    changes: dict[str, Any] = {
        "rate_limit_storage_url": redis.url,
        "rate_limit_store_timeout_seconds": 5,
        "rate_limit_on_store_error": choice,
        "metrics_enabled": True,
    }
    async with running_service(rsa_keys, clock, **changes) as service:
        headers = await service.as_user(USER)
        assert await statuses(service, "/api/data", 1, headers) == [200]
        redis.stop()
        assert await statuses(service, "/api/data", 15, headers) == expected
        ready = await service.api.get("/readyz")
        assert (ready.status_code, ready.json()["sharedStore"]["state"]) == (200, "down")
        assert "auth0_sso_shared_store_up 0.0" in (await service.api.get("/metrics")).text
        if choice == "deny":
            refused = await service.api.get("/api/data", headers=headers)
            assert (refused.json()["code"], refused.headers["Retry-After"]) == ("store_unavailable", "1")
        bad = await service.api.get("/", headers={"Authorization": "Bearer not.a.token"})
        assert bad.status_code == 401  # whatever the store does, a bad token is its sender's fault
        redis.start()
        await clock.advance(2)
        assert await statuses(service, "/api/data", 10, headers) == [200] * 10  # it counts again, from nothing
        assert await statuses(service, "/api/data", 1, headers) == [429]
        assert (await service.api.get("/readyz")).json()["sharedStore"]["state"] == "up"
        assert "auth0_sso_shared_store_up 1.0" in (await service.api.get("/metrics")).text
