"""Passwordless login by a code in an email, which stays in the mailbox."""

import httpx
import pytest

from auth0_devtenant import SPA_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET

from .visitor import Visitor, segments

EMAIL = "new@example.com"
WEB = {"client_id": WEB_CLIENT_ID, "client_secret": WEB_CLIENT_SECRET}


async def start(visitor: Visitor, **changes: str | None) -> httpx.Response:
    request: dict[str, str | None] = {**WEB, "connection": "email", "email": EMAIL, "send": "code"}
    return await visitor.client.post("passwordless/start", json=request | changes)


async def code(visitor: Visitor) -> str:
    assert (await start(visitor)).status_code == 200
    messages = (await visitor.client.get("_development/mailbox", params={"to": EMAIL})).json()
    assert messages[0]["code"] in messages[0]["text"]
    return str(messages[0]["code"])


async def exchange(visitor: Visitor, otp: str, **changes: str) -> httpx.Response:
    request = WEB | {
        "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp",
        "username": EMAIL,
        "otp": otp,
        "realm": "email",
        "scope": "openid email offline_access",
        "audience": visitor.options.audience,
    }
    return await visitor.client.post("oauth/token", json=request | changes)


def wrong(otp: str) -> str:
    return f"{(int(otp) + 1) % 1_000_000:06}"


async def test_the_first_login_creates_the_user_with_a_verified_email(visitor: Visitor) -> None:
    started = (await start(visitor)).json()
    assert started == {"_id": started["_id"], "email": EMAIL, "email_verified": False}
    body = (await exchange(visitor, await code(visitor))).json()
    claims = segments(body["id_token"])[1]
    assert (claims["sub"], claims["email"], claims["email_verified"]) == (f"email|{started['_id']}", EMAIL, True)
    assert "gty" not in segments(body["access_token"])[1]
    assert body["refresh_token"]
    again = (await exchange(visitor, await code(visitor))).json()
    assert segments(again["id_token"])[1]["sub"] == claims["sub"]


async def test_a_code_is_valid_once_and_the_next_one_replaces_it(visitor: Visitor) -> None:
    first, second = await code(visitor), await code(visitor)
    if first != second:
        assert (await exchange(visitor, first)).status_code == 403
    assert (await exchange(visitor, second)).status_code == 200
    used = await exchange(visitor, second)
    assert (used.status_code, used.json()["error_description"]) == (403, "Wrong email or verification code.")


async def test_a_code_expires_after_three_minutes(visitor: Visitor) -> None:
    otp = await code(visitor)
    visitor.clock.now += 180
    answer = await exchange(visitor, otp)
    assert answer.json()["error_description"] == "The verification code has expired. Please try to login again."


async def test_three_wrong_codes_end_the_right_one(visitor: Visitor) -> None:
    otp = await code(visitor)
    for _ in range(3):
        refused = await exchange(visitor, wrong(otp))
        assert refused.json()["error_description"] == "Wrong email or verification code."
    answer = await exchange(visitor, otp)
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")
    assert answer.json()["error_description"].startswith("You've reached the maximum number of attempts.")


async def test_a_code_is_for_the_client_that_sent_it(visitor: Visitor) -> None:
    otp = await code(visitor)
    native = {"client_id": "devNativeApplication000000000000", "client_secret": ""}
    assert (await exchange(visitor, otp, **native)).status_code == 403
    assert (await exchange(visitor, otp)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"email": "foo"}, 400, "bad.email"),
        ({"email": None}, 400, "bad.email"),
        ({"connection": "sms"}, 400, "bad.connection"),
        ({"send": "link"}, 400, "bad.send"),
        ({"send": None}, 400, "bad.send"),
        ({"client_secret": None}, 401, "access_denied"),
        ({"client_id": None}, 401, "access_denied"),
    ],
)
async def test_a_start_that_sends_nothing_says_why(
    visitor: Visitor, changes: dict[str, str | None], status: int, error: str
) -> None:
    answer = await start(visitor, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert (await visitor.client.get("_development/mailbox")).json() == []


async def test_a_client_without_the_grant_type_is_refused(visitor: Visitor) -> None:
    answer = await exchange(visitor, "123456", client_id=SPA_CLIENT_ID)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")


async def test_an_unknown_audience_or_realm_does_not_use_up_the_code(visitor: Visitor) -> None:
    otp = await code(visitor)
    assert (await exchange(visitor, otp, audience="https://other.example.com")).status_code == 400
    assert (await exchange(visitor, otp, realm="sms")).json()["error"] == "bad.connection"
    assert (await exchange(visitor, otp)).status_code == 200
