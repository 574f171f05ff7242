"""A page of another origin calls the API in a real Chromium, which sends the preflight requests itself."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Error, Page

from support.browser import chromium, needs_chromium, page_elsewhere
from support.process import Dev, dev

pytestmark = needs_chromium

CALL = """async ([url, method, headers]) => {
    const response = await fetch(url, {method, headers});
    return [response.status, Object.fromEntries(response.headers)];
}"""
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with page_elsewhere() as address:
        yield address


@pytest.fixture(scope="module")
def running(origin: str) -> Iterator[Dev]:
    settings = (f"CORS_ALLOWED_ORIGINS={origin}", "CORS_ALLOWED_HEADERS=X-Tenant")
    with dev(*(part for each in settings for part in ("--set", each))) as started:
        yield started


@pytest.fixture(scope="module")
def page(origin: str) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(origin)
        yield page


def test_a_page_sends_tracing_headers_and_reads_the_limit(running: Dev, page: Page) -> None:
    headers = {
        "Authorization": f"Bearer {running.token('--machine')}",
        "X-Request-ID": "from-the-browser-1",
        "traceparent": TRACEPARENT,
        "tracestate": "vendor=1",
        "baggage": "user=1",
        "sentry-trace": "1-1-1",
        "X-Tenant": "acme",
    }
    status, read = page.evaluate(CALL, [f"{running.api}/api/data", "GET", headers])
    assert status == 200
    assert read["x-request-id"] == "from-the-browser-1"
    assert {"ratelimit", "ratelimit-policy"} <= read.keys()


def test_a_page_may_ask_with_head(running: Dev, page: Page) -> None:
    status, read = page.evaluate(CALL, [f"{running.api}/healthz", "HEAD", {"X-Request-ID": "from-the-browser-2"}])
    assert (status, read["x-request-id"]) == (405, "from-the-browser-2")


def test_a_page_reads_the_challenge_of_a_refusal(running: Dev, page: Page) -> None:
    status, read = page.evaluate(CALL, [f"{running.api}/dashboard", "GET", {"traceparent": TRACEPARENT}])
    assert (status, read["www-authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')


def test_a_header_that_no_setting_names_stops_the_request(running: Dev, page: Page) -> None:
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(CALL, [f"{running.api}/api/data", "GET", {"X-Other": "1"}])
