"""The grant refresh_token: rotation, reuse, and a narrower scope."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions, default_seed

from .visitor import ADMIN, USER, Visitor, segments


async def test_refresh_tokens_rotate_and_reuse_ends_the_family(visitor: Visitor) -> None:
    first = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    renewed = await visitor.refresh(first)
    assert segments(renewed.json()["access_token"])[1]["gty"] == "refresh_token"
    second = renewed.json()["refresh_token"]
    assert second != first
    for stale in (first, second):
        answer = await visitor.refresh(stale)
        assert answer.status_code == 403
        assert answer.json()["error_description"] == "Unknown or invalid refresh token."


async def test_without_offline_access_there_is_no_refresh_token(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid"))).json()
    assert "refresh_token" not in body


async def test_a_deleted_user_cannot_refresh(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code(USER))).json()["refresh_token"]
    await visitor.manage("DELETE", f"/users/{USER.user_id}")
    assert (await visitor.refresh(refresh_token)).status_code == 403


async def test_a_blocked_user_cannot_refresh(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code(USER))).json()["refresh_token"]
    await visitor.manage("PATCH", f"/users/{USER.user_id}", {"blocked": True})
    answer = await visitor.refresh(refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")


async def narrowed(visitor: Visitor, scope: str) -> set[str]:
    """Return the scope of a refresh with `scope`; the login had all of the admin."""
    token = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    answer = await visitor.refresh(token, scope=scope)
    assert answer.json()["scope"] == segments(answer.json()["access_token"])[1]["scope"]
    return set(answer.json()["scope"].split())


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("read:data", {"read:data", "offline_access"}),
        ("read:data read:others", {"read:data", "offline_access"}),
        ("", {"openid", "profile", "email", "offline_access", "read:data", "write:data"}),
    ],
)
async def test_a_scope_is_narrowed_and_never_widened(visitor: Visitor, scope: str, granted: set[str]) -> None:
    assert await narrowed(visitor, scope) == granted


async def test_a_scope_that_the_login_did_not_grant_is_left_out(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid offline_access read:data"))).json()
    renewed = (await visitor.refresh(body["refresh_token"], scope="openid write:data")).json()
    assert renewed["scope"] == "openid offline_access"


async def test_the_next_refresh_can_have_the_full_scope_again(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    narrow = (await visitor.refresh(body["refresh_token"], scope="read:data")).json()
    assert "id_token" not in narrow
    assert (await visitor.refresh(narrow["refresh_token"])).json()["scope"] == body["scope"]


async def test_a_permission_taken_away_is_gone_at_the_next_refresh(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    visitor.tenant.state.users[ADMIN.user_id].role_ids.clear()
    renewed = (await visitor.refresh(body["refresh_token"])).json()
    assert renewed["scope"] == "openid profile email offline_access"
    assert segments(renewed["access_token"])[1]["permissions"] == []


async def test_a_refresh_token_is_for_the_client_that_got_it(visitor: Visitor) -> None:
    token = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    answer = await visitor.refresh(token, client_id="devNativeApplication000000000000")
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")
    assert (await visitor.refresh(token)).status_code == 200


class TestApiWithoutOfflineAccess:
    @pytest.fixture
    def options(self) -> TenantOptions:
        seed = default_seed()
        api = seed.apis[0].model_copy(update={"allow_offline_access": False})
        return TenantOptions(seed=seed.model_copy(update={"apis": (api,)}))

    async def test_there_is_no_refresh_token_and_no_such_scope(self, visitor: Visitor) -> None:
        body = (await visitor.redeem(await visitor.code())).json()
        assert "refresh_token" not in body
        assert "offline_access" not in body["scope"].split()

    async def test_a_login_without_that_api_still_has_one(self, visitor: Visitor) -> None:
        body = (await visitor.redeem(await visitor.code(audience=None))).json()
        assert "refresh_token" in body


async def test_a_client_without_the_grant_type_gets_no_refresh_token(visitor: Visitor) -> None:
    code = await visitor.code()
    visitor.tenant.state.clients[SPA_CLIENT_ID].grant_types = ("authorization_code",)
    assert "refresh_token" not in (await visitor.redeem(code)).json()
