"""/docs as a person uses it in a real Chromium: log in, call, log out, be someone else, reload; dark and narrow."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from auth0_devtenant import PEOPLE, Person
from support.browser import chromium, needs_chromium
from support.process import Dev, dev

ADMIN, MANAGER = PEOPLE[0], PEOPLE[1]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev() as started:
        yield started


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def browser(chrome: Browser) -> Iterator[BrowserContext]:
    context = chrome.new_context(viewport={"width": 1280, "height": 844})
    yield context
    context.close()


@pytest.fixture
def docs(running: Dev, browser: BrowserContext) -> Page:
    return open_docs(running, browser.new_page())


def open_docs(running: Dev, page: Page) -> Page:
    page.goto(f"{running.api}/docs")
    expect(page.locator('[data-path="/readyz"]')).to_be_visible()
    return page


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Authorize")


def login(page: Page) -> Locator:
    return dialog(page).locator(".login")


def ask_for_user(page: Page) -> Locator:
    return login(page).get_by_label("Ask who to log in as")


def open_dialog(page: Page) -> None:
    page.locator(".account .btn.authorize").click()
    expect(dialog(page)).to_be_visible()


def start_login(page: Page) -> Page:
    with page.expect_popup() as opened:
        login(page).get_by_role("button", name="Apply given OAuth2 credentials").click()
    return opened.value


def log_in(page: Page, person: Person = ADMIN) -> None:
    """From the open dialog on, at the tenant's page."""
    popup = start_login(page)
    popup.get_by_label("Email").fill(person.email)
    popup.get_by_label("Password").fill(person.password)
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Log in").click()
    expect(dialog(page)).to_be_hidden()
    expect(status(page)).to_contain_text(f"Authorized as {person.email}")


def call_dashboard(page: Page) -> Locator:
    operation = page.locator("#operations-dashboard-show_dashboard")
    if operation.get_by_role("button", name="Execute").count() == 0:
        if "show_dashboard" not in page.url:  # with it, a reload opens the route
            operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_docs_fit_the_screen_and_load_nothing_from_other_origins(
    running: Dev, browser: BrowserContext, tmp_path: Path, width: int, color_scheme: Literal["light", "dark"]
) -> None:
    requested: list[str] = []
    complaints: list[str] = []
    screenshots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=color_scheme)
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_docs(running, page)
    for route in ("/profile", "/admin/users", "/dashboard", "/api/data"):
        expect(page.locator(f'[data-path="{route}"]').first).to_be_visible()
    page.screenshot(path=screenshots / f"docs-{color_scheme}-{width}.png", full_page=True)
    open_dialog(page)
    page.screenshot(path=screenshots / f"docs-{color_scheme}-{width}-dialog.png")
    log_in(page)
    expect(call_dashboard(page)).to_contain_text('"accessLevel": "admin"')
    page.screenshot(path=screenshots / f"docs-{color_scheme}-{width}-called.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert complaints == []
    assert [url for url in requested if not url.startswith((running.api, running.tenant, "data:"))] == []
    assert (background == "rgb(28, 32, 34)") == (color_scheme == "dark")


def test_docs_follow_the_color_scheme_while_they_are_open(docs: Page) -> None:
    root = docs.locator("html")
    expect(root).not_to_have_class(re.compile("dark-mode"))
    docs.emulate_media(color_scheme="dark")
    expect(root).to_have_class(re.compile("dark-mode"))
    docs.emulate_media(color_scheme="light")
    expect(root).not_to_have_class(re.compile("dark-mode"))


def test_a_visitor_with_a_phone_sees_first_where_to_log_in(running: Dev, browser: BrowserContext) -> None:
    page = browser.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_docs(running, page)
    button = page.locator(".account .btn.authorize").bounding_box()
    first_route = page.locator(".opblock").first.bounding_box()
    assert button is not None
    assert first_route is not None
    assert button["y"] + button["height"] < min(first_route["y"], 844)
    open_dialog(page)
    headings = dialog(page).locator("h4").all_inner_texts()
    assert [heading.split()[0] for heading in headings] == ["auth0", "bearer"]


def test_after_a_logout_another_user_logs_in_and_stays_over_a_reload(running: Dev, docs: Page) -> None:
    expect(status(docs)).to_contain_text("Not logged in")
    open_dialog(docs)
    log_in(docs, ADMIN)
    expect(call_dashboard(docs)).to_contain_text('"accessLevel": "admin"')

    open_dialog(docs)
    login(docs).get_by_role("button", name="Remove authorization").click()
    expect(status(docs)).to_contain_text("Not logged in")
    expect(ask_for_user(docs)).to_be_checked()
    log_in(docs, MANAGER)  # without closing the dialog, where Swagger UI would send the code of the first login
    expect(call_dashboard(docs)).to_contain_text('"accessLevel": "manager"')

    docs.reload()
    expect(status(docs)).to_contain_text(f"Authorized as {MANAGER.email}")
    expect(call_dashboard(docs)).to_contain_text('"accessLevel": "manager"')


def test_switch_user_asks_who_logs_in(docs: Page) -> None:
    open_dialog(docs)
    log_in(docs, ADMIN)
    docs.get_by_role("button", name="Switch user").click()
    expect(status(docs)).to_contain_text("Not logged in")
    log_in(docs, MANAGER)


def test_a_logout_is_remembered_over_a_reload(running: Dev, docs: Page) -> None:
    open_dialog(docs)
    log_in(docs)
    open_dialog(docs)
    login(docs).get_by_role("button", name="Remove authorization").click()
    docs.reload()
    open_dialog(docs)
    expect(status(docs)).to_contain_text("Not logged in")
    expect(start_login(docs).get_by_label("Password")).to_be_visible()


def test_without_a_logout_the_tenants_session_logs_in_silently(
    running: Dev, docs: Page, browser: BrowserContext
) -> None:
    open_dialog(docs)
    log_in(docs)
    second = open_docs(running, browser.new_page())
    expect(status(second)).to_contain_text("Not logged in")  # what a tab remembers is its own
    open_dialog(second)
    expect(ask_for_user(second)).not_to_be_checked()
    start_login(second)
    expect(status(second)).to_contain_text(f"Authorized as {ADMIN.email}")


def test_who_asks_for_it_is_asked_despite_a_session(running: Dev, docs: Page, browser: BrowserContext) -> None:
    open_dialog(docs)
    log_in(docs, ADMIN)
    second = open_docs(running, browser.new_page())
    open_dialog(second)
    ask_for_user(second).check()
    log_in(second, MANAGER)


def test_only_the_tab_keeps_the_tokens_and_nothing_else_of_the_login(docs: Page) -> None:
    open_dialog(docs)
    log_in(docs)
    kept = json.loads(docs.evaluate("sessionStorage.getItem('auth0_sso authorization /docs')"))
    assert kept.keys() == {"auth0"}
    assert kept["auth0"].keys() == {"name", "schema", "scopes", "clientId", "token"}
    assert kept["auth0"]["token"].keys() == {"access_token", "id_token", "token_type"}
    assert docs.evaluate("JSON.stringify({...localStorage})") == "{}"
    open_dialog(docs)
    login(docs).get_by_role("button", name="Remove authorization").click()
    assert "eyJ" not in docs.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")


def test_an_expired_token_is_said_to_be_and_forgotten_by_a_reload(running: Dev, browser: BrowserContext) -> None:
    page = browser.new_page()
    page.clock.install()
    open_docs(running, page)
    open_dialog(page)
    log_in(page)
    page.clock.fast_forward("25:00:00")
    expect(status(page)).to_contain_text(f"The access token of {ADMIN.email} has expired")
    page.reload()
    expect(status(page)).to_contain_text("Not logged in")


def test_a_pasted_token_takes_the_place_of_the_login(running: Dev, docs: Page) -> None:
    open_dialog(docs)
    log_in(docs)
    open_dialog(docs)
    dialog(docs).get_by_label("auth-bearer-value").fill(running.token("--machine"))
    dialog(docs).get_by_role("button", name="Apply credentials").click()
    expect(status(docs)).to_contain_text("@clients")
    expect(call_dashboard(docs)).to_contain_text("This needs the token of a user")
    docs.reload()
    expect(status(docs)).to_contain_text("@clients")


def test_each_row_shows_what_its_route_requires(docs: Page) -> None:
    badges = {
        "/dashboard": "role admin or manager",
        "/admin/users": "role admin",
        "/profile": "user token",
        "/api/data": "access token",
        "/": "token optional",
        "/healthz": "public",
    }
    for route, badge in badges.items():
        row = docs.locator(".opblock-summary", has=docs.locator(f'[data-path="{route}"]')).first
        expect(row.locator(".badge")).to_have_text([badge])


def test_each_example_of_a_refusal_can_be_chosen(docs: Page) -> None:
    operation = docs.locator("#operations-dashboard-show_dashboard")
    operation.locator(".opblock-summary-control").click()
    expect(operation).to_contain_text("Requires: role admin or manager")
    expect(operation).not_to_contain_text("x-requires")
    refused = operation.locator('.response[data-code="401"]')
    expect(refused).to_contain_text("This needs an access token in the Authorization header.")
    choice = refused.locator(".examples-select select, .examples-select-element").first
    choice.select_option(label="Expired")
    expect(refused).to_contain_text("The access token has expired.")
    expect(operation.locator('.response[data-code="403"]')).to_contain_text("Your roles do not allow this.")


def test_the_keyboard_opens_the_dialog_and_stays_in_it(docs: Page) -> None:
    button = docs.locator(".account .btn.authorize")
    for _ in range(5):
        docs.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    docs.keyboard.press("Enter")
    expect(login(docs).get_by_role("button", name="Apply given OAuth2 credentials")).to_be_focused()
    seen = set()
    for key in ["Tab"] * 15 + ["Shift+Tab"] * 30:
        docs.keyboard.press(key)
        assert docs.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
        seen.add(docs.evaluate("document.activeElement.outerHTML"))
    assert len(seen) >= 8, "each control is reached"
    docs.keyboard.press("Escape")
    expect(dialog(docs)).to_be_hidden()
    expect(button).to_be_focused()


def test_the_dialog_asks_for_no_client_secret(docs: Page) -> None:
    open_dialog(docs)
    expect(login(docs).locator('[data-name="clientSecret"]')).to_be_hidden()
    expect(login(docs).locator('[data-name="clientId"]')).to_be_hidden()
