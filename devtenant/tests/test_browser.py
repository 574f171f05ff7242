"""The pages of a login in a real Chromium: popup and iframe of an application, keyboard and screen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from auth0_devtenant import SPA_CLIENT_ID

from .command import Served, served
from .visitor import ADMIN, USER, challenge

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

if CHROMIUM is None and os.environ.get("CI"):
    raise RuntimeError("CI skips nothing: install chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

# What auth0-spa-js does with an iframe and a popup, in short: src/utils.ts, runIframe and runPopup.
_LISTEN = """
window.messages = [];
addEventListener("message", ({ origin, data }) => messages.push({ origin, data }));
window.frame = (url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
};
"""


class Application(BaseHTTPRequestHandler):
    """An application: a page that listens, and a callback that shows what was posted to it."""

    def do_GET(self) -> None:
        self._answer(f"<!doctype html><title>app</title><body><script>{_LISTEN}</script>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        names = " ".join(sorted(parse_qs(body)))
        self._answer(f"<!doctype html><title>app</title><p>{names}</p><i>{self.headers['Origin']}</i>")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@contextmanager
def application() -> Iterator[str]:
    """Serve the application until the block ends; give its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Application) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with application() as origin:
        yield origin


@pytest.fixture(scope="module")
def tenant(app: str) -> Iterator[Served]:
    with served("--web-origin", app) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 844})
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield context.new_page()
    context.close()


def authorize(tenant: Served, app: str, **changes: str) -> str:
    query = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": f"{app}/callback",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    }
    return f"{tenant.issuer}authorize?{urlencode(query | changes)}"


def message(page: Page) -> dict[str, Any]:
    """Return the next message that the application's page got."""
    page.wait_for_function("messages.length > 0")
    found: dict[str, Any] = page.evaluate("messages.shift()")
    return found


def test_a_popup_and_then_an_iframe_get_a_code(tenant: Served, app: str, page: Page, complaints: list[str]) -> None:
    page.goto(app)
    silent = authorize(tenant, app, response_mode="web_message", prompt="none")
    page.evaluate("url => frame(url)", silent)
    refused = message(page)
    assert refused["origin"] == tenant.issuer.rstrip("/")
    assert refused["data"]["response"]["error"] == "login_required"
    with page.expect_popup() as opened:
        url = authorize(tenant, app, response_mode="web_message")
        page.evaluate("url => { open(url, 'login', 'width=400,height=600') }", url)
    opened.value.get_by_role("button", name=ADMIN.name).click()
    assert "code" in message(page)["data"]["response"]
    page.evaluate("url => frame(url)", silent)
    received = message(page)["data"]
    assert received["type"] == "authorization_response"
    assert received["response"].keys() == {"code", "state"}
    assert complaints == []


def test_a_page_of_another_origin_gets_no_message(tenant: Served, app: str, page: Page) -> None:
    with application() as other:
        page.goto(other)
        page.evaluate("url => frame(url)", authorize(tenant, app, response_mode="web_message", prompt="none"))
        with page.expect_popup() as opened:
            page.evaluate("url => { open(url) }", authorize(tenant, app, response_mode="web_message"))
        opened.value.get_by_role("button", name=ADMIN.name).click()
        expect(opened.value.get_by_role("heading", name="Back to the application")).to_be_visible()
        assert page.evaluate("messages.length") == 0


def test_form_post_reaches_the_application_by_itself(
    tenant: Served, app: str, page: Page, complaints: list[str]
) -> None:
    page.goto(authorize(tenant, app, response_type="id_token", response_mode="form_post"))
    page.get_by_role("button", name=ADMIN.name).click()
    expect(page.locator("p")).to_have_text("id_token state")
    assert page.locator("i").inner_text() == tenant.issuer.rstrip("/")
    assert [text for text in complaints if "404" not in text] == []


def test_a_login_works_with_the_keyboard_alone(tenant: Served, app: str, page: Page) -> None:
    page.goto(authorize(tenant, app))
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type(USER.email)
    page.keyboard.press("Tab")
    page.keyboard.type(USER.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{app}/callback?code=*")
    page.goto(authorize(tenant, app, prompt="login"))
    expect(page.get_by_label("Email")).to_be_focused()
    for _ in range(4):  # password, second factor, log in, first person
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=ADMIN.name)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{app}/callback?code=*")


def test_a_second_factor_and_a_cancel(tenant: Served, app: str, page: Page) -> None:
    page.goto(authorize(tenant, app))
    page.get_by_label("with a second factor").check()
    page.get_by_role("button", name=USER.name).click()
    code = page.get_by_label("Your code").inner_text()
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{app}/callback?code=*")
    page.goto(authorize(tenant, app, prompt="login"))
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(f"{app}/callback?error=access_denied*")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_pages_fit_the_screen(tenant: Served, app: str, page: Page, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844})
    pages = {
        "login": authorize(tenant, app, login_hint=f"{'long' * 30}@example.com"),
        "sign-up": authorize(tenant, app, screen_hint="signup"),
        "connection": authorize(tenant, app, connection="google-oauth2"),
        "error": f"{tenant.issuer}authorize?client_id={'unknown' * 30}",
    }
    for name, url in pages.items():
        page.goto(url)
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        clipped = "e => [...e.querySelectorAll('h1, p, label, input, button')].some(each => "
        clipped += "each.getBoundingClientRect().right > e.getBoundingClientRect().right)"
        assert not page.locator("main").evaluate(clipped), name
        lightness = "e => getComputedStyle(e).backgroundColor.match(/[0-9]+/g)[0] > 128"
        assert page.locator("main").evaluate(lightness) == (scheme == "light"), name


def test_the_callback_gets_the_state_back(tenant: Served, app: str, page: Page) -> None:
    page.goto(authorize(tenant, app))
    page.get_by_label("Email").fill(ADMIN.email)
    page.get_by_label("Password").fill(ADMIN.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{app}/callback?code=*")
    assert parse_qs(urlsplit(page.url).query)["state"] == ["the-state"]
