"""The grants password and password-realm, and mfa-otp after them."""

from typing import Any

import httpx
import pytest

from auth0_devtenant import SPA_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET
from auth0_devtenant.seed import DATABASE

from .visitor import ADMIN, USER, Visitor, segments

REALM = "http://auth0.com/oauth/grant-type/password-realm"
MFA_OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
WEB = {"client_id": WEB_CLIENT_ID, "client_secret": WEB_CLIENT_SECRET}


async def exchange(visitor: Visitor, **changes: str) -> httpx.Response:
    request = WEB | {
        "grant_type": "password",
        "username": ADMIN.email,
        "password": ADMIN.password,
        "audience": visitor.options.audience,
        "scope": "openid read:data",
    }
    return await visitor.client.post("oauth/token", json=request | changes)


async def test_a_password_gets_the_tokens_of_its_user(visitor: Visitor) -> None:
    for changes in ({}, {"grant_type": REALM, "realm": DATABASE}):
        answer = await exchange(visitor, **changes)
        _, claims = segments(answer.json()["access_token"])
        assert (claims["sub"], claims["gty"], claims["scope"]) == (ADMIN.user_id, "password", "openid read:data")
        assert segments(answer.json()["id_token"])[1]["aud"] == WEB_CLIENT_ID
    assert visitor.tenant.state.users[ADMIN.user_id].document["logins_count"] == 2


async def test_without_a_scope_all_permitted_scopes_of_the_api_are_granted(visitor: Visitor) -> None:
    body = (await exchange(visitor, scope="")).json()
    assert body["scope"] == "read:data write:data"
    assert "id_token" not in body
    body = (await exchange(visitor, scope="", username=USER.email, password=USER.password)).json()
    assert body.keys() == {"access_token", "expires_in", "token_type"}


@pytest.mark.parametrize("audience", ["", "http://localhost:3001/userinfo"])
async def test_without_an_api_the_token_is_opaque_or_for_the_default_one(visitor: Visitor, audience: str) -> None:
    token = (await exchange(visitor, audience=audience)).json()["access_token"]
    assert "." not in token
    assert (await visitor.client.get("userinfo", params={"access_token": token})).json() == {"sub": ADMIN.user_id}
    visitor.tenant.state.default_audience = visitor.options.audience
    token = (await exchange(visitor, audience="")).json()["access_token"]
    assert segments(token)[1]["aud"][0] == visitor.options.audience


@pytest.mark.parametrize(
    ("changes", "status", "error", "words"),
    [
        ({"password": "wrong"}, 403, "invalid_grant", "Wrong email or password."),
        ({"username": "nobody@example.com"}, 403, "invalid_grant", "Wrong email or password."),
        (
            {"audience": "https://other.example.com"},
            400,
            "invalid_request",
            "invalid audience specified for password grant exchange",
        ),
        ({"grant_type": REALM}, 400, "invalid_request", "Missing required parameter: realm"),
        ({"grant_type": REALM, "realm": "google-oauth2"}, 400, "invalid_request", "the connection was not found"),
        ({"client_secret": ""}, 401, "access_denied", "Unauthorized"),
        (
            {"client_id": SPA_CLIENT_ID},
            403,
            "unauthorized_client",
            "Grant type 'password' not allowed for the client.",
        ),
    ],
)
async def test_a_refusal_has_auth0s_status_and_words(
    visitor: Visitor, changes: dict[str, str], status: int, error: str, words: str
) -> None:
    answer = await exchange(visitor, **changes)
    assert (answer.status_code, answer.json()) == (status, {"error": error, "error_description": words})


async def test_a_blocked_user_with_the_right_password_is_told_so(visitor: Visitor) -> None:
    visitor.tenant.state.users[ADMIN.user_id].document["blocked"] = True
    answer = await exchange(visitor)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")
    assert (await exchange(visitor, password="wrong")).json()["error"] == "invalid_grant"


async def test_without_a_default_directory_the_password_grant_does_not_work(visitor: Visitor) -> None:
    visitor.tenant.state.default_directory = None
    assert (await exchange(visitor)).json()["error"] == "server_error"
    assert (await exchange(visitor, grant_type=REALM, realm=DATABASE)).status_code == 200


class TestSecondFactor:
    @pytest.fixture
    async def required(self, visitor: Visitor) -> dict[str, Any]:
        """Return the answer to the password of a user with a second factor."""
        visitor.tenant.state.users[ADMIN.user_id].mfa = True
        answer = await exchange(visitor)
        assert answer.status_code == 403
        body: dict[str, Any] = answer.json()
        return body

    async def code(self, visitor: Visitor) -> str:
        messages = (await visitor.client.get("_development/mailbox", params={"to": ADMIN.email})).json()
        return str(messages[0]["code"])

    async def answer(self, visitor: Visitor, token: str, code: str) -> httpx.Response:
        request = WEB | {"grant_type": MFA_OTP, "mfa_token": token, "otp": code}
        return await visitor.client.post("oauth/token", data=request)

    async def test_the_code_completes_the_login_once(self, visitor: Visitor, required: dict[str, Any]) -> None:
        assert required.keys() == {"error", "error_description", "mfa_token"}
        assert required["error"] == "mfa_required"
        code = await self.code(visitor)
        done = await self.answer(visitor, required["mfa_token"], code)
        assert segments(done.json()["access_token"])[1]["sub"] == ADMIN.user_id
        assert segments(done.json()["id_token"])[1]["amr"] == ["mfa"]
        again = await self.answer(visitor, required["mfa_token"], code)
        assert (again.status_code, again.json()["error_description"]) == (403, "Malformed mfa_token")

    async def test_a_wrong_code_and_an_old_token_are_refused(
        self, visitor: Visitor, required: dict[str, Any]
    ) -> None:
        code = await self.code(visitor)
        wrong = await self.answer(visitor, required["mfa_token"], f"{code}0")
        assert (wrong.status_code, wrong.json()["error_description"]) == (403, "Invalid otp_code.")
        visitor.clock.now += 600
        late = await self.answer(visitor, required["mfa_token"], code)
        assert (late.status_code, late.json()["error"]) == (401, "expired_token")
