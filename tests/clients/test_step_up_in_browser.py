"""auth0-spa-js in Chromium answers the challenges of /admin as docs/step-up.md says (RFC 9470)."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from auth0_devtenant import SPA_CLIENT_ID
from support.browser import fill_in, needs_chromium
from support.document import Document
from support.issuer_api import AUDIENCE
from support.page_site import page_site
from support.process import Dev, dev, free_port
from support.service import ADMIN

pytestmark = [needs_chromium, pytest.mark.usefixtures("node_js")]

Exercise = Callable[[str, str], None]

MAX_AGE = 900


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def origin(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def running(port: int, origin: str) -> Iterator[Dev]:
    """Run API and tenant, and the page's site."""
    settings = (
        f"CORS_ALLOWED_ORIGINS={origin}",
        "ADMIN_MFA_REQUIRED=true",
        f"ADMIN_MAX_LOGIN_AGE_SECONDS={MAX_AGE}",
    )
    with dev(*(part for each in settings for part in ("--set", each))) as started:
        page_config = {"issuer": started.tenant, "clientId": SPA_CLIENT_ID, "audience": AUDIENCE}
        with page_site("auth0-spa-js", port, bundle=None, **page_config):
            yield started


def log_in(page: Page, origin: str, options: str) -> None:
    page.goto(f"{origin}/config.json")
    page.evaluate("options => localStorage.setItem('options', options)", options)
    page.goto(origin)
    page.get_by_role("button", name="Log in").click()
    fill_in(page, ADMIN)
    expect(page.get_by_role("status")).to_have_text(ADMIN)


def run_scripts_of_the_docs(page: Page, api: str) -> None:
    """Define the page's `callApi` as docs/dpop.md does, and a button that calls it as docs/step-up.md does."""
    (fetcher,) = Document.read("dpop.md").scripts
    step_up = next(each for each in Document.read("step-up.md").scripts if "callWithStepUp" in each)
    known = f'const auth0 = client, audience = "{AUDIENCE}";'
    button = """
        document.querySelector("output").insertAdjacentHTML("afterend", "<button id=users>List users</button>");
        document.querySelector("#users").onclick = async () => {
            const response = await callWithStepUp("/admin/users");
            document.querySelector("output").value = `${response.status} ${await response.text()}`;
        };"""
    page.add_script_tag(content=known + fetcher.replace("https://api.example.com", api) + step_up + button)


def move_clock(tenant: str, seconds: int) -> None:
    httpx.post(f"{tenant}_development/clock", json={"advance": seconds}).raise_for_status()


def prove_second_factor(popup: Page) -> None:
    popup.get_by_label("Code", exact=True).fill(popup.get_by_label("Your code").inner_text())
    popup.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize(
    ("options", "done"),
    [
        ("{}", "answers the challenges of step-up authentication with a login in a popup"),
        ('{"useDpop": true}', "useDpop: answers the challenges of step-up authentication"),
    ],
    ids=["bearer", "dpop"],
)
def test_a_weak_login_is_challenged_and_a_second_factor_passes(
    running: Dev, origin: str, page: Page, options: str, done: str, exercise: Exercise
) -> None:
    exercise("@auth0/auth0-spa-js", done)
    log_in(page, origin, options)
    run_scripts_of_the_docs(page, running.api)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="List users").click()
    prove_second_factor(opened.value)
    expect(page.get_by_role("status")).to_contain_text('200 {"users":[')


def test_an_old_login_is_challenged_and_the_password_is_asked_for(running: Dev, origin: str, page: Page) -> None:
    move_clock(running.tenant, -MAX_AGE - 60)
    try:
        log_in(page, origin, "{}")
    finally:
        move_clock(running.tenant, MAX_AGE + 60)
    run_scripts_of_the_docs(page, running.api)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="List users").click()
    fill_in(opened.value, ADMIN)
    prove_second_factor(opened.value)
    expect(page.get_by_role("status")).to_contain_text('200 {"users":[')
