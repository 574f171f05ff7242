"""/docs in a real Chromium: it shows, nothing is blocked by its own policy, and its login works to the end."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from auth0_sso.devtenant import PEOPLE
from support.process import Dev, dev

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

if CHROMIUM is None and os.environ.get("CI"):
    raise RuntimeError("CI skips nothing: install chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev() as started:
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        try:
            yield page
        finally:
            browser.close()


def test_docs_show_every_route_and_load_nothing_from_elsewhere(running: Dev, page: Page, tmp_path: Path) -> None:
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{running.api}/docs")
    expect(page.get_by_role("button", name="Authorize").first).to_be_visible()
    for route in ("/profile", "/admin/users", "/dashboard", "/api/data", "/readyz"):
        expect(page.locator(f'[data-path="{route}"]').first).to_be_visible()
    page.screenshot(path=os.environ.get("SCREENSHOT", tmp_path / "docs.png"), full_page=True)
    assert complaints == []
    assert [url for url in requested if not url.startswith((running.api, "data:"))] == []


def test_a_person_logs_in_at_docs_and_calls_a_guarded_route(running: Dev, page: Page) -> None:
    admin = PEOPLE[0]
    page.goto(f"{running.api}/docs")
    page.get_by_role("button", name="Authorize").first.click()
    login = page.locator(".auth-container", has=page.locator("text=authorizationCode"))
    with page.expect_popup() as opened:
        login.get_by_role("button", name="Apply given OAuth2 credentials").click()
    popup = opened.value
    popup.get_by_label("Email").fill(admin.email)
    popup.get_by_label("Password").fill(admin.password)
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Log in").click()
    expect(login.get_by_role("button", name="Remove authorization")).to_be_visible()
    page.locator(".btn-done").first.click()

    operation = page.locator("#operations-dashboard-show_dashboard")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text('"accessLevel": "admin"')
