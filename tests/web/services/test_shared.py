from auth0_sso.clock import SYSTEM_CLOCK
from auth0_sso.web.services.shared import open_shared
from support.host_app import library_settings
from support.redis_server import RedisServer


async def test_without_a_management_client_only_counts_are_shared(redis: RedisServer) -> None:
    async with open_shared(library_settings(rate_limit_storage_url=redis.url), SYSTEM_CLOCK) as shared:
        assert shared.store.health.state == "up"
        assert (shared.keys_of, shared.token, shared.roles) == (None, None, None)
