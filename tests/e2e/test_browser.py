"""/docs and the tenant's pages in a real Chromium: they show, their policies block nothing, and the login works."""

import os
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Page, Response, expect, sync_playwright

from auth0_devtenant import PEOPLE, SPA_CLIENT_ID
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


def test_docs_show_every_route_and_load_nothing_from_other_origins(running: Dev, page: Page, tmp_path: Path) -> None:
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


def test_a_user_logs_in_at_docs_and_calls_a_guarded_route(running: Dev, page: Page) -> None:
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


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


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
