"""SDKs for single page applications in Chromium: a person logs in, the page reloads, and our API takes its tokens."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from auth0_devtenant import SPA_CLIENT_ID
from support.browser import fill_in, needs_chromium
from support.client_tenant import ClientTenant
from support.issuer_api import AUDIENCE, api
from support.page_site import bundled, page_site
from support.service import USER

pytestmark = [
    needs_chromium,
    pytest.mark.usefixtures("node_js"),
]

Exercise = Callable[[str, str], None]


@contextmanager
def site(name: str, tenant: ClientTenant, bundle: Path | None = None) -> Iterator[str]:
    config = {"issuer": tenant.issuer, "clientId": SPA_CLIENT_ID, "audience": AUDIENCE}
    with page_site(name, tenant.page_port, bundle=bundle, **config) as origin:
        yield origin


def log_in(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    fill_in(page, USER)
    expect(page.get_by_role("status")).to_have_text(USER)


def data_for(tenant: ClientTenant, token: str) -> str:
    """Return what our API gives for a token of the page."""

    async def get() -> str:
        async with api(tenant.issuer) as ours:
            answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {token}"})
            return str(answer.raise_for_status().json()["data"][0])

    with ThreadPoolExecutor(1) as another:  # Playwright's event loop runs in this thread
        return another.submit(asyncio.run, get()).result()


def test_oidc_client_ts_logs_in_and_renews_in_a_frame(plain: ClientTenant, page: Page, exercise: Exercise) -> None:
    exercise("oidc-client-ts", "in Chromium: login with discovery and PKCE, silent renewal in a frame")
    with site("oidc-client-ts", plain) as origin:
        page.goto(origin)
        log_in(page)
        first = page.evaluate("manager.getUser().then(user => user.access_token)")
        page.reload()
        expect(page.get_by_role("status")).to_have_text(USER)
        second = page.evaluate("manager.signinSilent().then(user => user.access_token)")
    assert [data_for(plain, token) for token in (first, second)] == ["for a user"] * 2


def test_auth0_spa_js_logs_in_with_a_popup(plain: ClientTenant, page: Page, exercise: Exercise) -> None:
    exercise("@auth0/auth0-spa-js", "in Chromium: login in a popup")
    with site("auth0-spa-js", plain) as origin:
        page.goto(origin)
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Popup").click()
        with opened.value.expect_event("close"):
            fill_in(opened.value, USER)
        expect(page.get_by_role("status")).to_have_text(USER)
        assert data_for(plain, page.evaluate("client.getTokenSilently()")) == "for a user"


def test_auth0_react_keeps_the_login_with_its_defaults(
    plain: ClientTenant, page: Page, exercise: Exercise, tmp_path: Path
) -> None:
    exercise("@auth0/auth0-react", "in Chromium: with its defaults, login, a reload, tokens for the API, logout")
    with site("auth0-react", plain, bundled("auth0-react", tmp_path)) as origin:
        page.goto(origin)
        log_in(page)
        page.reload()
        expect(page.get_by_role("status")).to_have_text(USER, timeout=10_000)
        assert data_for(plain, page.evaluate("auth0.getAccessTokenSilently()")) == "for a user"
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("status")).to_have_text("nobody is logged in")


def test_auth0_spa_js_keeps_the_login_with_refresh_tokens(
    plain: ClientTenant, page: Page, exercise: Exercise
) -> None:
    exercise("@auth0/auth0-spa-js", "refresh tokens with rotation, logout")
    with site("auth0-spa-js", plain) as origin:
        page.goto(f"{origin}/config.json")
        page.evaluate(
            """localStorage.setItem("options", '{"useRefreshTokens": true, "cacheLocation": "localstorage"}')"""
        )
        page.goto(origin)
        log_in(page)
        first = page.evaluate("client.getTokenSilently()")
        page.reload()
        expect(page.get_by_role("status")).to_have_text(USER)
        second = page.evaluate("client.getTokenSilently({ cacheMode: 'off' })")
        assert first != second
        assert [data_for(plain, token) for token in (first, second)] == ["for a user"] * 2
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("status")).to_have_text("nobody is logged in")
        assert page.url == f"{origin}/"
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_label("Password")).to_be_visible()
