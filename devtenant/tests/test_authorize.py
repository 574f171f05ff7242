import re
from urllib.parse import urlsplit

import pytest

from auth0_devtenant import PEOPLE

from .visitor import ADMIN, REDIRECT_URI, USER, Visitor, query_of


async def test_a_login_redirects_with_a_code_and_the_state(visitor: Visitor) -> None:
    answer = await visitor.log_in()
    assert answer.headers["Location"].startswith(f"{REDIRECT_URI}?")
    assert query_of(answer).keys() == {"code", "state"}
    assert query_of(answer)["state"] == "the-state"


async def test_the_form_lists_the_people_and_loads_nothing(visitor: Visitor) -> None:
    started = await visitor.authorize()
    page = await visitor.client.get(started.headers["Location"])
    assert page.status_code == 200
    for person in PEOPLE:
        assert person.email in page.text
    assert not re.search(r'(src|href)="', page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy, "another site could frame the form and have it clicked"
    assert "form-action" not in policy


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody@example.com"}, {"password": ""}])
async def test_wrong_credentials_show_the_form_again(visitor: Visitor, wrong: dict[str, str]) -> None:
    started = await visitor.authorize()
    form = {"username": ADMIN.email, "password": ADMIN.password} | wrong
    answer = await visitor.client.post(started.headers["Location"], data=form)
    assert answer.status_code == 400
    assert "Wrong email or password." in answer.text


async def test_form_input_is_escaped(visitor: Visitor) -> None:
    started = await visitor.authorize()
    form = {"username": '"><script>alert(1)</script>', "password": "x"}
    answer = await visitor.client.post(started.headers["Location"], data=form)
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "unknown"}, "Unknown client"),
        ({"client_id": None}, "Unknown client"),
        ({"redirect_uri": "https://evil.example.com/"}, "Callback URL mismatch"),
        ({"redirect_uri": f"{REDIRECT_URI}/more"}, "Callback URL mismatch"),
        ({"redirect_uri": f"{REDIRECT_URI}?next=https://evil.example.com/"}, "Callback URL mismatch"),
        ({"redirect_uri": f"{REDIRECT_URI}/../evil"}, "Callback URL mismatch"),
        ({"redirect_uri": REDIRECT_URI.upper()}, "Callback URL mismatch"),
        ({"redirect_uri": "http://127.0.0.1:3000@evil.example.com/callback"}, "Callback URL mismatch"),
        ({"redirect_uri": "javascript:alert(1)"}, "Callback URL mismatch"),
        ({"redirect_uri": None}, "Callback URL mismatch"),
    ],
)
async def test_an_invalid_redirect_uri_gets_an_error_page(
    visitor: Visitor, changes: dict[str, str | None], words: str
) -> None:
    answer = await visitor.authorize(**changes)
    assert answer.status_code == 400
    assert words in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"audience": "https://other.example.com"}, "access_denied"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_other_errors_are_sent_to_the_redirect_uri(
    visitor: Visitor, changes: dict[str, str | None], error: str
) -> None:
    answer = query_of(await visitor.authorize(**changes))
    assert (answer["error"], answer["state"]) == (error, "the-state")
    assert "code" not in answer


async def test_a_session_skips_the_login_form_until_the_logout(visitor: Visitor) -> None:
    await visitor.log_in()
    assert "code" in query_of(await visitor.authorize(prompt="none"))
    out = await visitor.client.get("v2/logout", params={"returnTo": "http://127.0.0.1:3000/"})
    assert out.headers["Location"] == "http://127.0.0.1:3000/"
    assert query_of(await visitor.authorize(prompt="none"))["error"] == "login_required"


async def test_the_session_cookie_is_httponly_and_samesite(visitor: Visitor) -> None:
    finished = await visitor.log_in()
    (cookie,) = finished.headers.get_list("Set-Cookie")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "samesite=lax", "path=/"}


async def test_the_form_sends_its_origin_to_the_tenant_only(visitor: Visitor) -> None:
    started = await visitor.authorize()
    page = await visitor.client.get(started.headers["Location"])
    # With no-referrer browsers send "Origin: null" even to the page's own site (Fetch, "append a request Origin").
    assert page.headers["Referrer-Policy"] == "same-origin"


async def test_prompt_login_shows_the_form_despite_a_session(visitor: Visitor) -> None:
    await visitor.log_in()
    answer = await visitor.authorize(prompt="login")
    assert urlsplit(answer.headers["Location"]).path == "/u/login"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "http://127.0.0.1:3000@evil.example.com/",
        "http://127.0.0.1:3000.evil.example.com/",
        "http://127.0.0.1:3000//evil.example.com/",
        "http://127.0.0.1:3000/?next=https://evil.example.com/",
        "javascript:alert(1)",
    ],
)
async def test_a_logout_redirects_to_allowed_urls_only(visitor: Visitor, target: str) -> None:
    await visitor.log_in()
    answer = await visitor.client.get("v2/logout", params={"returnTo": target})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "code" in query_of(await visitor.authorize(prompt="none")), "the refused logout ended the session"


async def test_a_login_form_can_be_submitted_once(visitor: Visitor) -> None:
    started = await visitor.authorize()
    form = {"username": USER.email, "password": USER.password}
    assert (await visitor.client.post(started.headers["Location"], data=form)).status_code == 302
    assert (await visitor.client.post(started.headers["Location"], data=form)).status_code == 400
    assert (await visitor.client.get("u/login")).status_code == 400


async def test_a_blocked_user_cannot_log_in(visitor: Visitor) -> None:
    await visitor.manage("PATCH", f"/users/{USER.user_id}", {"blocked": True})
    assert (await visitor.log_in(USER)).status_code == 400
