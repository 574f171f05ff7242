"""The playground in Chromium answers a challenge of the API with the login that it asks for (RFC 9470)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser import chromium, needs_chromium, new_page
from support.process import Dev, dev

pytestmark = needs_chromium

ROUTE = "GET /admin/users"


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev("--set", "ADMIN_MFA_REQUIRED=true") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, running: Dev) -> Iterator[Page]:
    with new_page(browser) as page:
        page.goto(running.playground)
        yield page


def log_in(page: Page, name: str) -> None:
    page.get_by_label(name).check()
    page.get_by_role("button", name=f"Log in as {name}").click()
    page.get_by_role("button", name=name).click()
    expect(page.locator("#caller")).to_contain_text(f"You are {name}")


def call(page: Page) -> Locator:
    """Call the route; return what the playground says of its response."""
    page.get_by_role("button", name=f"Call {ROUTE}", exact=True).click()
    return page.get_by_role("article", name=ROUTE, exact=True)


def test_a_challenge_is_answered_by_the_login_it_asks_for(page: Page) -> None:
    log_in(page, "Ada Admin")
    challenged = call(page)
    expect(challenged.locator(".verdict")).to_contain_text("asks for a stronger or more recent login")
    expect(challenged).to_contain_text('error="insufficient_user_authentication"')
    challenged.get_by_role("button", name="Log in as asked").click()
    page.get_by_label("Code", exact=True).fill(page.get_by_label("Your code").inner_text())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("article", name=ROUTE, exact=True)).to_contain_text("You logged in as it asked.")
    expect(page.get_by_role("button", name=f"Call {ROUTE}", exact=True)).to_be_focused()
    expect(call(page).locator(".verdict")).to_contain_text("200 OK")
    expect(page.get_by_role("button", name="Log in as asked")).to_have_count(0)


def test_a_user_who_is_no_administrator_is_not_challenged(page: Page) -> None:
    log_in(page, "Max Manager")
    expect(call(page).locator(".verdict")).to_contain_text("403 Forbidden")
    expect(page.get_by_role("button", name="Log in as asked")).to_have_count(0)


def test_a_login_that_is_cancelled_is_not_taken_for_an_answer(page: Page) -> None:
    log_in(page, "Ada Admin")
    call(page).get_by_role("button", name="Log in as asked").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("access_denied")
    expect(page.get_by_role("article", name=ROUTE, exact=True)).not_to_contain_text("You logged in")
