import asyncio

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.replay.redis import RedisReplays
from auth0_sso.store.store import RedisStore
from support.redis_server import RedisServer

NAME = bytes(range(16))


async def test_of_a_thousand_uses_at_once_one_is_the_first(store: RedisStore) -> None:
    replays = RedisReplays(store)
    used = await asyncio.gather(*(replays.add(NAME, 60) for _ in range(1000)))
    assert used.count(True) == 1


async def test_two_processes_share_what_was_used(redis: RedisServer, store: RedisStore) -> None:
    other = RedisStore(redis.url)
    try:
        assert await RedisReplays(store).add(NAME, 60) is True
        assert await RedisReplays(other).add(NAME, 60) is False
        assert await RedisReplays(other).add(NAME[::-1], 60) is True
    finally:
        await other.aclose()


async def test_a_name_expires_in_the_store(store: RedisStore) -> None:
    await RedisReplays(store).add(NAME, 59.2)
    assert 58 < await store.execute("TTL", f"auth0-sso:proof:{NAME.hex()}") <= 60


async def test_a_store_that_is_away_lets_no_proof_pass(redis: RedisServer, store: RedisStore) -> None:
    redis.stop()
    with pytest.raises(StoreUnavailableError):
        await RedisReplays(store).add(NAME, 60)
