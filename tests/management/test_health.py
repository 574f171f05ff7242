import contextlib

import pytest

from auth0_sso.errors import NotFoundError, TenantError
from auth0_sso.oauth.health import ApiHealth
from auth0_sso.testing.clock import HandClock
from support.management_chain import ManagementChain
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, token_reply

THING = "GET /api/v2/thing"
WRONG_SECRET = json_reply({"error": "access_denied", "error_description": "Unauthorized"}, 401)


async def _call(chain: ManagementChain) -> None:
    with contextlib.suppress(TenantError, NotFoundError):
        await chain.caller.call("GET", "/thing")


async def test_management_is_unknown_until_it_is_called(tenant: ScriptedTenant, chain: ManagementChain) -> None:
    assert chain.client.health == ApiHealth("unknown")
    assert tenant.count(TOKEN) == 0


async def test_management_is_up_after_a_call(tenant: ScriptedTenant, chain: ManagementChain) -> None:
    tenant.on(THING, json_reply({}))
    await _call(chain)
    assert chain.client.health == ApiHealth("up")


async def test_management_is_up_when_a_call_is_not_found(tenant: ScriptedTenant, chain: ManagementChain) -> None:
    tenant.on(THING, error_reply(404))
    await _call(chain)
    assert chain.client.health == ApiHealth("up")


async def test_a_wrong_secret_is_refused_until_it_is_right(
    tenant: ScriptedTenant, chain: ManagementChain, clock: HandClock
) -> None:
    tenant.on(TOKEN, WRONG_SECRET, token_reply("token-1"))
    tenant.on(THING, json_reply({}))
    await _call(chain)
    assert chain.client.health == ApiHealth("refused", "token_client_refused")
    await clock.advance(1)
    await _call(chain)
    assert chain.client.health == ApiHealth("up")


async def test_a_token_that_the_api_rejects_twice_is_refused(tenant: ScriptedTenant, chain: ManagementChain) -> None:
    tenant.on(TOKEN, token_reply("token-1"), token_reply("token-2"))
    tenant.on(THING, Reply(401))
    await _call(chain)
    assert chain.client.health == ApiHealth("refused", "token_rejected")


@pytest.mark.parametrize("failing", [TOKEN, THING])
async def test_management_is_unavailable_during_an_outage(
    tenant: ScriptedTenant, chain: ManagementChain, failing: str, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(THING, json_reply({}))
    tenant.on(failing, Reply(503))
    await _call(chain)
    assert chain.client.health.state == "unavailable"
    assert chain.client.health.last_error in {"token_status_503", "status_503"}
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(THING, json_reply({}))
    await clock.advance(60)
    await _call(chain)
    assert chain.client.health == ApiHealth("up")


async def test_a_failed_renewal_shows_while_the_old_token_still_works(
    tenant: ScriptedTenant, chain: ManagementChain, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token-1"), WRONG_SECRET)
    tenant.on(THING, json_reply({}))
    await _call(chain)
    await clock.advance(86_400 - 200)
    await chain.caller.call("GET", "/thing")
    await clock.settle()
    assert chain.client.health == ApiHealth("refused", "token_client_refused")
