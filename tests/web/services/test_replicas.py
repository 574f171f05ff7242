"""Two replicas of the whole service with one Redis: what the one does, the other knows."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.redis_server import RedisServer
from support.service import ADMIN, MANAGER, USER, Service, person_id, replica, running_service

Keys = tuple[rsa.RSAPrivateKey, ...]
Pair = tuple[Service, Service]


def sharing(redis: RedisServer) -> dict[str, Any]:
    return {
        "rate_limit_storage_url": redis.url,
        "rate_limit_store_timeout_seconds": 5,
        "auth0_max_token_age_seconds": 31_536_000,  # the tests' clock is ahead of Redis's
    }


@pytest.fixture
async def pair(rsa_keys: Keys, clock: HandClock, redis: RedisServer) -> AsyncIterator[Pair]:
    async with running_service(rsa_keys, clock, **sharing(redis)) as one, replica(one, **sharing(redis)) as two:
        async with asyncio.timeout(5):
            while redis.cli("client", "list").count("cmd=xread") < 4:  # both listen for changed roles and revocations
                await asyncio.sleep(0.01)
        yield one, two


async def until(service: Service, who: str, status: int) -> None:
    """Ask for the dashboard until the answer is that, for a second at most."""
    async with asyncio.timeout(1):
        while (await service.api.get("/dashboard", headers=await service.as_user(who))).status_code != status:
            await asyncio.sleep(0.005)


async def test_role_changes_at_one_replica_reach_the_other_within_a_second(pair: Pair) -> None:
    one, two = pair
    admin, path = await one.as_user(ADMIN), f"/admin/users/{person_id(MANAGER)}"
    change = {"roleNames": ["manager"]}
    await until(two, MANAGER, 200)
    assert (await one.api.request("DELETE", f"{path}/roles", headers=admin, json=change)).status_code == 200
    await until(two, MANAGER, 403)
    assert (await two.api.post(f"{path}/roles", headers=admin, json=change)).status_code == 200
    await until(one, MANAGER, 200)
    assert (await one.api.put(f"{path}/block", headers=admin)).status_code == 200
    await until(two, MANAGER, 401)


async def test_a_log_out_at_one_replica_refuses_tokens_at_the_other_within_a_second(pair: Pair) -> None:
    one, two = pair
    admin, user = await one.as_user(ADMIN), await one.as_user(USER)
    assert (await two.api.get("/profile", headers=user)).status_code == 200
    assert (await one.api.post(f"/admin/users/{person_id(USER)}/logout", headers=admin)).status_code == 204
    assert (await one.api.get("/profile", headers=user)).status_code == 401
    async with asyncio.timeout(1):
        while (await two.api.get("/profile", headers=user)).status_code != 401:
            await asyncio.sleep(0.01)
    assert (await two.api.get("/readyz")).json()["revocations"] == 1


async def test_replicas_share_one_management_token_and_one_look_up(pair: Pair) -> None:
    one, two = pair
    for service in (one, two, one, two):
        await until(service, ADMIN, 200)
    assert one.wire.count("POST /oauth/token") + two.wire.count("POST /oauth/token") == 1
    lookups = f"GET /api/v2/users/{person_id(ADMIN).replace('|', '%7C')}/roles"
    assert one.wire.count(lookups) + two.wire.count(lookups) == 1


async def test_a_replica_started_during_an_outage_uses_the_shared_keys(pair: Pair, redis: RedisServer) -> None:
    one, _ = pair
    headers = await one.as_user(USER)
    await one.clock.settle()
    async with replica(one, cut=True, **sharing(redis)) as late:
        assert (await late.api.get("/", headers=headers)).json()["authenticated"] is True
        ready = (await late.api.get("/readyz")).json()["signingKeys"]
        assert (ready["state"], ready["lastError"]) == ("fresh", "unreachable")


async def test_the_store_names_no_user_no_role_and_no_token(pair: Pair, redis: RedisServer) -> None:
    one, two = pair
    for service in (one, two):
        await until(service, ADMIN, 200)
        await service.api.get("/api/data", headers=await service.as_user(ADMIN))
    read = {"string": ("get",), "hash": ("hgetall",), "list": ("lrange",), "stream": ("xrange",)}
    span = {"list": ("0", "-1"), "stream": ("-", "+")}
    keys = redis.cli("--raw", "keys", "*").split("\n")[:-1]
    kinds = [redis.cli("--raw", "type", key).strip() for key in keys]
    assert {"string", "hash", "list"} <= set(kinds)
    dump = "".join(
        key + redis.cli(*read[kind], key, *span.get(kind, ())) for key, kind in zip(keys, kinds, strict=True)
    )
    jws = "eyJhbGciOi"  # {"alg": in base64url; fewer characters may occur in sealed values by chance
    for secret in ("admin", person_id(ADMIN).partition("|")[2], jws, await one.user_token(ADMIN)):
        assert secret not in dump
