"""/dbconnections/signup and /dbconnections/change_password."""

from typing import Any

import httpx
import pytest

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.seed import DATABASE, Person

from .visitor import ADMIN, Visitor, query_of

EMAIL, PASSWORD = "new@example.com", "New-password-1"


async def sign_up(visitor: Visitor, **changes: object) -> httpx.Response:
    body: dict[str, object] = {
        "client_id": SPA_CLIENT_ID,
        "email": EMAIL,
        "password": PASSWORD,
        "connection": DATABASE,
    }
    return await visitor.client.post("dbconnections/signup", json=body | changes)


async def test_a_new_user_can_log_in(visitor: Visitor) -> None:
    answer = await sign_up(visitor, email=EMAIL.upper(), user_metadata={"plan": "free"}, given_name="Nia")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["email"], body["email_verified"], body["given_name"]) == (EMAIL, False, "Nia")
    assert visitor.tenant.state.users[f"auth0|{body['_id']}"].document["user_metadata"] == {"plan": "free"}
    assert "code" in query_of(await visitor.log_in(Person(email=EMAIL, password=PASSWORD)))


@pytest.mark.parametrize("email", [ADMIN.email, ADMIN.email.upper(), "no-address", "@"])
async def test_a_taken_or_invalid_email_gets_the_same_words(visitor: Visitor, email: str) -> None:
    answer = await sign_up(visitor, email=email)
    assert (answer.status_code, answer.json()) == (
        400,
        {"name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400},
    )


@pytest.mark.parametrize(
    ("password", "verified"),
    [("Ab1!", (False, True)), ("abcdefgh", (True, False)), ("abcdefg1", (True, False)), ("", (False, False))],
)
async def test_a_weak_password_gets_the_rules_of_the_policy(
    visitor: Visitor, password: str, verified: tuple[bool, bool]
) -> None:
    answer = await sign_up(visitor, password=password)
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["name"], body["code"]) == (400, "PasswordStrengthError", "invalid_password")
    assert tuple(rule["verified"] for rule in body["description"]["rules"]) == verified
    assert visitor.tenant.find_by_email(EMAIL) is None


@pytest.mark.parametrize("path", ["signup", "change_password"])
@pytest.mark.parametrize(
    "changes", [{"client_id": "unknown"}, {"connection": "google-oauth2"}, {"connection": None}, {"email": 1}]
)
async def test_a_request_with_a_wrong_parameter_is_refused(
    visitor: Visitor, path: str, changes: dict[str, object]
) -> None:
    body: dict[str, object] = {
        "client_id": SPA_CLIENT_ID,
        "email": EMAIL,
        "password": PASSWORD,
        "connection": DATABASE,
    }
    answer = await visitor.client.post(f"dbconnections/{path}", json=body | changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(("email", "messages"), [(ADMIN.email, 1), (EMAIL, 0)])
async def test_a_password_reset_is_answered_the_same_for_each_email(
    visitor: Visitor, email: str, messages: int
) -> None:
    body = {"client_id": SPA_CLIENT_ID, "email": email, "connection": DATABASE}
    answer = await visitor.client.post("dbconnections/change_password", data=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == "We've just sent you an email to reset your password."
    assert len((await visitor.client.get("_development/mailbox", params={"to": email})).json()) == messages


async def test_the_link_in_the_message_sets_a_new_password(visitor: Visitor) -> None:
    body = {"client_id": SPA_CLIENT_ID, "email": ADMIN.email, "connection": DATABASE}
    await visitor.client.post("dbconnections/change_password", data=body)
    (message,) = (await visitor.client.get("_development/mailbox", params={"to": ADMIN.email})).json()
    link = message["text"].removeprefix("Set a new password at ")
    assert (await visitor.client.get(link)).status_code == 200
    form = {"password": PASSWORD, "again": PASSWORD}
    assert (await visitor.client.post(link, data=form)).status_code < 400
    assert visitor.tenant.state.users[ADMIN.user_id].password == PASSWORD
