from collections.abc import AsyncIterator, Iterator

import pytest

from auth0_sso.fleet.store import SharedStore
from support.redis_server import RedisServer, redis_server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[SharedStore]:
    store = SharedStore(redis.url, timeout=5)
    yield store
    await store.aclose()
