"""The tenant's pages in a real Chromium: they fit the screen, and pages of other sites change nothing."""

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from auth0_devtenant import SPA_CLIENT_ID
from support.browser import chromium, needs_chromium, page_elsewhere
from support.process import Dev, dev

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev() as started:
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


def login_url(running: Dev) -> str:
    query = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": f"{running.api}/callback",
        "code_challenge": "0" * 43,
        "code_challenge_method": "S256",
    }
    return f"{running.tenant}authorize?{urlencode(query)}"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_tenants_pages_fit_the_screen(running: Dev, page: Page, width: int) -> None:
    def fits() -> bool:
        box = page.locator("main").bounding_box()
        assert box is not None
        needed = page.evaluate("document.documentElement.scrollWidth")
        return bool(box["x"] >= 0 and box["x"] + box["width"] <= width and needed <= width)

    page.set_viewport_size({"width": width, "height": 844})
    page.goto(login_url(running))
    assert fits(), "the login form"
    page.get_by_label("Email").fill(f"{'long' * 30}@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert fits(), "the login form with its fault"
    page.goto(f"{running.tenant}authorize?client_id={'unknown' * 30}")
    assert fits(), "the error page"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with page_elsewhere() as origin:
        yield f"{origin}/"


def test_a_page_of_another_site_cannot_change_the_tenant(running: Dev, page: Page, elsewhere: str) -> None:
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response))  # noqa: PLW0108 - playwright takes no builtin
    page.goto(elsewhere)
    answers.clear()
    send = """async ([url, body]) => {
        const types = ["text/plain", "application/x-www-form-urlencoded"].map(type => new Blob([body], {type}));
        for (const each of [...types, new Blob([body])])
            await fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body: each});
    }"""
    fault = '{"path": "/.well-known/jwks.json", "times": 100, "status": 200, "body": "{}"}'
    page.evaluate(send, [f"{running.tenant}_development/faults", fault])
    assert [answer.status for answer in answers] == [403, 403, 403]
    submit = """url => {
        const form = document.body.appendChild(document.createElement("form"));
        Object.assign(form, {method: "POST", action: url});
        form.submit();
    }"""
    with page.expect_navigation():
        page.evaluate(submit, f"{running.tenant}u/login?state=x")
    assert answers[-1].status == 403
    keys = httpx.get(f"{running.tenant}.well-known/jwks.json").json()["keys"]
    assert len(keys) == 2
