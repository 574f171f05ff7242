"""examples/spa in Chromium, as its README starts it: a page of one origin, the API and the tenant of two others."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser import fill_in, needs_chromium
from support.process import Dev, dev, free_port
from support.service import ADMIN, USER
from support.static_site import static_site

FOLDER = Path(__file__).parent.parent.parent / "examples" / "spa"

pytestmark = [needs_chromium, pytest.mark.usefixtures("node_js")]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    with (
        dev("--set", f"CORS_ALLOWED_ORIGINS={origin}") as running,
        static_site(FOLDER, port, config_for(running)),
    ):
        yield origin


def config_for(running: Dev) -> dict[str, str]:
    """Return the example's configuration with the addresses of this test."""
    config: dict[str, str] = json.loads((FOLDER / "config.json").read_text())
    return config | {"domain": running.tenant.removesuffix("/"), "api": running.api}


def log_in(page: Page, origin: str, email: str) -> None:
    page.goto(origin)
    page.get_by_role("button", name="Log in").click()
    fill_in(page, email)
    expect(page.get_by_role("status")).to_have_text(f"Logged in as {email}")


def test_the_single_page_application_keeps_the_login_after_a_reload(
    origin: str, page: Page, exercise: Callable[[str, str], None]
) -> None:
    exercise("@auth0/auth0-spa-js", "with its defaults, login, silent login in a frame after a reload")
    log_in(page, origin, USER)
    assert page.url == f"{origin}/"
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    expect(page.get_by_role("status")).to_have_text(f"Logged in as {USER}")


def test_the_single_page_application_calls_the_api(origin: str, page: Page) -> None:
    log_in(page, origin, ADMIN)
    response = page.get_by_label("Response")
    page.get_by_role("button", name="Get my profile").click()
    expect(response).to_contain_text("200 /profile")
    expect(response).to_contain_text(ADMIN)
    page.get_by_role("button", name="Get data").click()
    expect(response).to_contain_text("200 /api/data")
    expect(response).to_contain_text("for a user")


def test_the_single_page_application_ends_the_session_at_the_tenant(origin: str, page: Page) -> None:
    log_in(page, origin, USER)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text("Not logged in")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_single_page_application_takes_no_login_it_did_not_start(origin: str, page: Page) -> None:
    page.goto(f"{origin}/?code=of-somebody-else&state=unknown")
    expect(page.get_by_role("status")).to_have_text("Invalid state")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.url == f"{origin}/"
