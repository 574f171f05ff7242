"""Copies of a state, in memory and as JSON."""

import pytest

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


@pytest.mark.parametrize("document", [b"", b"{}", b'{"keys": 1}', b"[]"])
def test_what_is_no_state_is_refused(document: bytes) -> None:
    with pytest.raises(SnapshotError):
        load_state(document)
