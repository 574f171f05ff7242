from collections.abc import AsyncIterator

import pytest

from auth0_sso.fleet.store import SharedStore
from support.redis_server import RedisServer


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[SharedStore]:
    store = SharedStore(redis.url, timeout=5)
    yield store
    await store.aclose()
