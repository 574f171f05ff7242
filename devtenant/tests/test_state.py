"""Copies of a state, in memory and as JSON."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.state import SnapshotError, dump_state, load_state

from .visitor import ADMIN, USER, Visitor, segments


async def test_an_exported_state_keeps_keys_sessions_and_refresh_tokens(visitor: Visitor) -> None:
    issued = (await visitor.redeem(await visitor.code(ADMIN))).json()
    document = dump_state(visitor.tenant.state)
    visitor.tenant.restore()
    assert (await visitor.refresh(issued["refresh_token"])).status_code == 403
    assert (await visitor.authorize(prompt="none")).headers["Location"].count("login_required") == 1

    visitor.tenant.state = load_state(document)
    assert dump_state(visitor.tenant.state) == document
    refreshed = (await visitor.refresh(issued["refresh_token"])).json()
    assert segments(refreshed["access_token"])[0] == segments(issued["access_token"])[0]
    assert "code=" in (await visitor.authorize(prompt="none")).headers["Location"]


async def test_a_restored_snapshot_takes_back_all_changes_and_can_be_used_again(visitor: Visitor) -> None:
    before = visitor.tenant.snapshot()
    for _ in range(2):
        await visitor.manage("DELETE", f"/users/{USER.user_id.replace('|', '%7C')}")
        assert USER.user_id not in visitor.tenant.state.users
        visitor.tenant.restore(before)
        assert USER.user_id in visitor.tenant.state.users
    assert (await visitor.log_in(USER)).status_code == 302


async def test_records_of_the_management_api_survive_an_export(visitor: Visitor) -> None:
    link = {"provider": "auth0", "user_id": USER.user_id}
    ada = ADMIN.user_id.replace("|", "%7C")
    await visitor.manage("POST", f"/users/{ada}/identities", link)
    await visitor.manage("POST", "/tickets/password-change", {"user_id": ADMIN.user_id})
    invitation = {"inviter": {"name": "A"}, "invitee": {"email": "b@example.com"}, "client_id": SPA_CLIENT_ID}
    (organization,) = visitor.tenant.state.organizations
    await visitor.manage("POST", f"/organizations/{organization}/invitations", invitation)
    visitor.tenant.set_rate_limit_plan("enterprise")
    document = dump_state(visitor.tenant.state)
    visitor.tenant.state = load_state(document)
    assert dump_state(visitor.tenant.state) == document
    assert visitor.tenant.state.users[ADMIN.user_id].linked.keys() == {USER.user_id}
    assert (len(visitor.tenant.state.tickets), len(visitor.tenant.state.invitations)) == (1, 1)
    assert visitor.tenant.state.rate_limit_plan == "enterprise"


@pytest.mark.parametrize("document", [b"", b"{}", b'{"keys": 1}', b"[]"])
def test_what_is_no_state_is_refused(document: bytes) -> None:
    with pytest.raises(SnapshotError):
        load_state(document)
