"""A real Chromium, and a page of another origin."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from auth0_devtenant import PEOPLE

CHROMIUM: Final = shutil.which("chromium")
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)

if CHROMIUM is None and os.environ.get("CI"):
    raise RuntimeError("CI skips nothing: install chromium")

expect.set_options(timeout=15_000)  # milliseconds: other tests may keep the machine busy

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """Open a page of a new profile; whatever goes wrong in its scripts fails the test."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def fill_in(page: Page, email: str) -> None:
    """Fill in the tenant's login form as one of its people."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(next(person.password for person in PEOPLE if person.email == email))
    page.get_by_role("button", name="Log in").click()


class _Elsewhere(BaseHTTPRequestHandler):
    """A page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page_elsewhere() -> Iterator[str]:
    """Serve a page; give its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()
