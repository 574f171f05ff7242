"""/userinfo, with JWTs and with opaque access tokens."""

from base64 import urlsafe_b64encode

import pytest

from .visitor import ADMIN, Visitor


async def opaque_token(visitor: Visitor, scope: str = "openid email") -> str:
    """Return the access token of a login without an audience."""
    return str((await visitor.redeem(await visitor.code(audience=None, scope=scope))).json()["access_token"])


async def test_without_an_audience_a_token_is_opaque_and_for_userinfo(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(audience=None, scope="openid email"))).json()
    assert (len(body["access_token"]), body["access_token"].isalnum()) == (32, True)
    assert (body["expires_in"], body["scope"]) == (86_400, "openid email")
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await visitor.client.get("userinfo", headers=headers)).json()["sub"] == ADMIN.user_id
    refused = await visitor.client.get("api/v2/users", headers=headers)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "Bearer")


async def test_a_token_is_accepted_in_the_header_the_form_and_the_query(visitor: Visitor) -> None:
    token = await opaque_token(visitor)
    for answer in (
        await visitor.client.get("userinfo", params={"access_token": token}),
        await visitor.client.post("userinfo", data={"access_token": token}),
        await visitor.client.post("userinfo", headers={"Authorization": f"Bearer {token}"}),
    ):
        assert (answer.status_code, answer.json()["email"]) == (200, ADMIN.email)


async def test_an_opaque_token_expires_after_a_day(visitor: Visitor) -> None:
    token = await opaque_token(visitor)
    visitor.clock.now += 86_400
    assert (await visitor.client.get("userinfo", params={"access_token": token})).status_code == 401


async def test_a_token_without_the_scope_openid_is_refused(visitor: Visitor) -> None:
    token = await opaque_token(visitor, scope="email")
    answer = await visitor.client.get("userinfo", params={"access_token": token})
    assert (answer.status_code, answer.text) == (403, "Forbidden")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


async def test_userinfo_returns_the_claims_of_the_scope(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid email"))).json()
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.json() == {"sub": ADMIN.user_id, "email": ADMIN.email, "email_verified": True}


async def test_userinfo_refuses_as_text_with_a_challenge(visitor: Visitor) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer a.b.c"}):
        answer = await visitor.client.get("userinfo", headers=headers)
        assert (answer.status_code, answer.text) == (401, "Unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Users", error="invalid_token"')


async def test_userinfo_refuses_an_expired_token(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    visitor.clock.now += 86_400
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401


async def test_userinfo_of_a_deleted_user_is_refused(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    await visitor.manage("DELETE", f"/users/{ADMIN.user_id}")
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401
    assert "The user does not exist." in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", ['{"alg":"RS256"}', '{"kid":1}', "[]", "null", "[" * 100_000], ids=range(5))
async def test_a_token_whose_header_names_no_key_is_refused(visitor: Visitor, header: str) -> None:
    token = f"{urlsafe_b64encode(header.encode()).decode()}.e30.AA"
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert "Invalid token" in answer.headers["WWW-Authenticate"]
