"""Tickets, and the pages that their URLs open."""

from typing import Any

import pytest

from ..visitor import USER, Visitor, query_of

PASSWORD = "Another-password-1!"


async def ticket(visitor: Visitor, kind: str, **members: object) -> str:
    answer = await visitor.manage("POST", f"/tickets/{kind}", {"user_id": USER.user_id} | members)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"]).removesuffix("#")


async def test_a_verification_ticket_verifies_the_email_once(visitor: Visitor) -> None:
    def is_verified() -> object:
        return visitor.tenant.state.users[USER.user_id].document["email_verified"]

    visitor.tenant.state.users[USER.user_id].document["email_verified"] = False
    url = await ticket(visitor, "email-verification", result_url="https://shop.example/done?a=1")
    assert is_verified() is False
    answer = await visitor.client.get(url)
    assert answer.headers["Location"].startswith("https://shop.example/done?a=1&")
    assert (query_of(answer)["success"], query_of(answer)["email"]) == ("true", USER.email)
    assert is_verified() is True
    assert (await visitor.client.get(url)).status_code == 400


async def test_a_password_ticket_asks_for_a_strong_password_twice(visitor: Visitor) -> None:
    url = await ticket(visitor, "password-change")
    assert USER.email in (await visitor.client.get(url)).text
    for again, password, words in (("x", "y", "different"), ("weak", "weak", "too weak")):
        refused = await visitor.client.post(url, data={"password": password, "again": again})
        assert (refused.status_code, words in refused.text) == (400, True)
    done = await visitor.client.post(url, data={"password": PASSWORD, "again": PASSWORD})
    assert (done.status_code, "changed successfully" in done.text) == (200, True)
    assert (await visitor.log_in(USER)).status_code == 400
    assert (await visitor.log_in(USER.model_copy(update={"password": PASSWORD}))).status_code == 302
    assert (await visitor.client.post(url, data={"password": "x", "again": "x"})).status_code == 400


async def test_a_ticket_expires(visitor: Visitor) -> None:
    url = await ticket(visitor, "password-change", ttl_sec=60)
    visitor.clock.now += 60
    assert (await visitor.client.get(url)).status_code == 400


async def test_a_ticket_is_for_its_own_page(visitor: Visitor) -> None:
    url = await ticket(visitor, "email-verification")
    assert (await visitor.client.get(url.replace("email-verification", "reset-verify"))).status_code == 400


async def test_a_ticket_of_a_deleted_user_is_gone(visitor: Visitor) -> None:
    url = await ticket(visitor, "password-change")
    await visitor.manage("DELETE", f"/users/{USER.user_id}")
    assert (await visitor.client.get(url)).status_code == 400


async def test_a_password_ticket_finds_the_user_by_email(visitor: Visitor) -> None:
    (database,) = (await visitor.manage("GET", "/connections?strategy=auth0")).json()
    body = {"connection_id": database["id"], "email": USER.email}
    assert (await visitor.manage("POST", "/tickets/password-change", body)).status_code == 201
    unknown = await visitor.manage("POST", "/tickets/password-change", body | {"email": "none@example.com"})
    assert unknown.json()["errorCode"] == "inexistent_user"


@pytest.mark.parametrize("body", [{}, {"email": USER.email}, {"user_id": USER.user_id, "ttl_sec": -1}], ids=repr)
async def test_an_incomplete_ticket_is_refused(visitor: Visitor, body: dict[str, Any]) -> None:
    refused = await visitor.manage("POST", "/tickets/password-change", body)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "invalid_body")
