"""Copies of a state, in memory and as JSON."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.oauth.mfa import MFA_OTP
from auth0_devtenant.oauth.passwordless import PASSWORDLESS_OTP
from auth0_devtenant.seed.default import NATIVE_CLIENT_ID
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


async def test_an_exported_state_keeps_what_has_begun(visitor: Visitor) -> None:
    native = {"client_id": NATIVE_CLIENT_ID}
    device = (await visitor.client.post("oauth/device/code", data=native)).json()
    started = native | {"connection": "email", "email": USER.email, "send": "code"}
    await visitor.client.post("passwordless/start", data=started)
    opaque = (await visitor.redeem(await visitor.code(audience=None))).json()["access_token"]
    visitor.tenant.state.users[USER.user_id].mfa = True
    login = native | {"grant_type": "password", "username": USER.email, "password": USER.password}
    waiting = (await visitor.client.post("oauth/token", data=login)).json()
    document = dump_state(visitor.tenant.state)
    visitor.tenant.restore()

    visitor.tenant.state = load_state(document)
    assert dump_state(visitor.tenant.state) == document
    assert (await visitor.client.get("userinfo", params={"access_token": opaque})).status_code == 200
    mailbox = (await visitor.client.get("_development/mailbox", params={"to": USER.email})).json()
    otp = native | {"grant_type": MFA_OTP, "mfa_token": waiting["mfa_token"], "otp": mailbox[0]["code"]}
    assert (await visitor.client.post("oauth/token", data=otp)).status_code == 200
    code = {"grant_type": PASSWORDLESS_OTP, "username": USER.email, "realm": "email", "otp": mailbox[1]["code"]}
    assert (await visitor.client.post("oauth/token", data=native | code)).status_code == 200
    assert device["user_code"] in (await visitor.client.get(device["verification_uri_complete"])).text


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
