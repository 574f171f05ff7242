"""The playground beside an API that is not ours, in a real Chromium."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .command import served

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

if CHROMIUM is None and os.environ.get("CI"):
    raise RuntimeError("CI skips nothing: install chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

DOCUMENT = {
    "openapi": "3.0.3",
    "security": [{"oauth": ["read:orders"]}],
    "paths": {
        "/orders/{order_id}": {
            "parameters": [{"$ref": "#/components/parameters/order"}],
            "put": {
                "summary": "Change an order",
                "parameters": [
                    {"name": "reason", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "verbose", "in": "query", "schema": {"type": "boolean"}},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
            },
        },
        "/ping": {"get": {"security": []}},
    },
    "components": {
        "parameters": {"order": {"name": "order_id", "in": "path", "required": True}},
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["count", "lines"],
                "properties": {
                    "count": {"type": "integer"},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                    "note": {"type": "string"},
                },
            },
            "Line": {"type": "object", "properties": {"article": {"type": "string", "example": "tea"}}},
        },
    },
}


class Api(BaseHTTPRequestHandler):
    """An API that answers with what it was sent."""

    def do_GET(self) -> None:
        self._answer(DOCUMENT if self.path == "/v1/openapi.json" else {"pong": True})

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"path": self.path, "body": body, "token": "Authorization" in self.headers})

    def do_OPTIONS(self) -> None:
        self._answer({})

    def _answer(self, document: object) -> None:
        self.send_response(200)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Access-Control-Allow-Origin", self.headers.get("Origin", "")),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", "authorization, content-type"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@contextmanager
def serving_api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def playground(browser: Browser, *options: str) -> Iterator[Page]:
    """Open the playground of a new tenant."""
    with served("--playground-port", "0", *options) as running:
        (address,) = re.findall(r"Playground +(http\S+)", running.banner)
        page = browser.new_page()
        page.goto(address)
        yield page
        page.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_any_api_with_an_openapi_document_can_be_called(browser: Browser) -> None:
    with serving_api() as api, playground(browser, "--api", api) as page:
        ping = page.get_by_role("article", name="GET /ping")
        expect(ping).to_contain_text("public")
        ping.get_by_role("button", name="Call").click()
        expect(ping).to_contain_text('"pong": true')
        page.get_by_role("button", name="Get a machine's token").click()
        expect(page.locator("#caller")).to_contain_text("You are a machine")
        page.get_by_text("1 more routes").click()
        order = page.get_by_role("article", name="PUT /orders/{order_id}")
        expect(order).to_contain_text("read:orders")
        assert json.loads(order.get_by_label("Body").input_value()) == {"count": 1, "lines": [{"article": "tea"}]}
        expect(order.get_by_label("verbose")).to_have_count(0)
        order.get_by_role("textbox", name="order_id").fill("a/b c")
        order.get_by_label("reason").fill("x&y")
        order.get_by_role("button", name="Call").click()
        expect(order).to_contain_text('"path": "/v1/orders/a%2Fb%20c?reason=x%26y"')
        expect(order).to_contain_text('"token": true')


def test_an_api_that_does_not_answer_is_explained_with_the_origin(browser: Browser) -> None:
    with playground(browser, "--api", "http://127.0.0.1:9/") as page:
        expect(page.locator("#routes")).to_contain_text(f"does not allow pages of {page.url.removesuffix('/')}")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_without_an_api_it_says_how_to_name_one(browser: Browser) -> None:
    with playground(browser) as page:
        expect(page.locator("#routes")).to_contain_text("Start the tenant with --api http://127.0.0.1:3000")
