"""Consents, refresh tokens by id and the tenant's settings."""

from auth0_devtenant import MACHINE_CLIENT_ID, SPA_CLIENT_ID
from auth0_devtenant.state import Consent

from ..visitor import ADMIN, MANAGER, USER, Visitor

API = "https://api.example.com"


def consent(visitor: Visitor, number: int, user_id: str) -> None:
    visitor.tenant.state.consents[f"cgr_{number}"] = Consent(
        f"cgr_{number}", SPA_CLIENT_ID, user_id, API, ("read:data",)
    )


async def test_consents_are_listed_and_withdrawn_with_their_tokens(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code(USER))).json()
    consent(visitor, 1, USER.user_id)
    consent(visitor, 2, ADMIN.user_id)
    (grant,) = (await visitor.manage("GET", f"/grants?user_id={USER.user_id}")).json()
    assert (grant["clientID"], grant["audience"], grant["scope"]) == (SPA_CLIENT_ID, API, ["read:data"])
    assert (await visitor.manage("DELETE", f"/grants/{grant['id']}")).status_code == 204
    assert (await visitor.refresh(tokens["refresh_token"])).status_code == 403
    assert (await visitor.manage("DELETE", f"/grants?user_id={USER.user_id}")).status_code == 204
    assert list(visitor.tenant.state.consents) == ["cgr_2"], "another user's consent was withdrawn"
    assert (await visitor.manage("DELETE", "/grants")).json()["errorCode"] == "invalid_query_string"


async def test_refresh_tokens_are_revoked_by_id_and_by_description(visitor: Visitor) -> None:
    admin = (await visitor.redeem(await visitor.code(ADMIN))).json()
    visitor.client.cookies.clear()
    manager = (await visitor.redeem(await visitor.code(MANAGER))).json()
    listed = (await visitor.manage("GET", f"/refresh-tokens?user_id={ADMIN.user_id}")).json()["refresh_tokens"]
    assert [each["user_id"] for each in listed] == [ADMIN.user_id]
    other = {"user_id": MANAGER.user_id, "client_id": MACHINE_CLIENT_ID}
    assert (await visitor.manage("POST", "/refresh-tokens/revoke", other)).status_code == 202
    assert (await visitor.refresh(manager["refresh_token"])).status_code == 200
    assert (await visitor.manage("DELETE", f"/refresh-tokens/{listed[0]['id']}")).status_code == 202
    assert (await visitor.refresh(admin["refresh_token"])).status_code == 403
    mine = {"user_id": MANAGER.user_id, "client_id": SPA_CLIENT_ID}
    assert (await visitor.manage("POST", "/refresh-tokens/revoke", mine)).status_code == 202
    assert visitor.tenant.state.families == {}
    assert (await visitor.manage("POST", "/refresh-tokens/revoke", {})).json()["errorCode"] == "invalid_body"


async def test_a_session_is_deleted_or_revoked_by_id(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code())).json()
    (session,) = visitor.tenant.state.sessions.values()
    path = f"/sessions/{session.id}"
    assert (await visitor.manage("GET", path)).json()["user_id"] == ADMIN.user_id
    assert (await visitor.manage("DELETE", path)).status_code == 202
    assert (await visitor.manage("GET", path)).status_code == 404
    refreshed = await visitor.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200, "deleting a session leaves its refresh tokens"
    await visitor.redeem(await visitor.code())
    (session,) = visitor.tenant.state.sessions.values()
    assert (await visitor.manage("POST", f"/sessions/{session.id}/revoke")).status_code == 202
    assert [family.grant.session_id == session.id for family in visitor.tenant.state.families.values()] == [False]


async def test_the_default_audience_is_a_setting_that_takes_effect(visitor: Visitor) -> None:
    path = "/tenants/settings"
    changed = await visitor.manage("PATCH", path, {"default_audience": API, "friendly_name": "Shop"})
    assert (changed.json()["default_audience"], changed.json()["friendly_name"]) == (API, "Shop")
    assert visitor.tenant.state.default_audience == API
    assert (await visitor.manage("PATCH", path, {"default_audience": "https://none"})).status_code == 400
    only = (await visitor.manage("GET", f"{path}?fields=friendly_name")).json()
    assert only == {"friendly_name": "Shop"}
    cleared = (await visitor.manage("PATCH", path, {"default_audience": "", "friendly_name": None})).json()
    assert (cleared["default_audience"], cleared["friendly_name"]) == ("", "Development tenant")
