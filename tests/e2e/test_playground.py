"""The playground in Chromium, as a person uses it beside `auth0-sso dev`, and the tenant's home page."""

import os
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from support.process import Dev, dev

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 20.0

if CHROMIUM is None and os.environ.get("CI"):
    raise RuntimeError("CI skips nothing: install chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

# The relative luminance and contrast of WCAG 2.2, for each element with text of its own.
CONTRAST = """() => {
  const parse = (color) => color.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const text = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")].filter((element) =>
    text(element) && element.checkVisibility({ opacityProperty: true }) && !element.closest(":disabled")
  ).flatMap((element) => {
    const pair = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))].sort();
    const [dark, light] = pair.sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    return contrast < 4.5 ? [`${element.tagName} ${element.textContent.slice(0, 40)}: ${contrast.toFixed(2)}`] : [];
  });
}"""

LAYOUT_SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shift += value; })
  .observe({ type: "layout-shift", buffered: true });
"""

# Controls that a screen reader would announce without a name.
NAMELESS = """() => [
    ...document.querySelectorAll("button, input, select, textarea, a, summary, [role=meter], progress"),
  ]
  .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
  .map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev("--set", "AUTH0_ROLE_TTL_SECONDS=1", "--set", "RATE_LIMIT=6/minute") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What a page wrote to the console; that a response is an error is what it shows itself."""
    return []


@pytest.fixture
def page(browser: Browser, running: Dev, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    page.goto(running.playground)
    yield page
    context.close()
    assert complaints == []


def log_in(page: Page, name: str) -> None:
    page.get_by_label(name).check()
    page.get_by_role("button", name=f"Log in as {name}").click()
    page.wait_for_url("**/u/login?*")
    page.get_by_role("button", name=name).click()
    expect(page.locator("#caller")).to_contain_text(f"You are {name}")


def route(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def call(page: Page, name: str) -> Locator:
    """Press the button of a route, and return what it says once the response is there."""
    button = page.get_by_role("button", name=f"Call {name}", exact=True)
    button.click()
    expect(button).to_have_text("Call", timeout=PATIENCE * 1000)
    return route(page, name).locator(".verdict")


def eventually(look: Callable[[], str], wanted: str) -> None:
    """Look until it is what is wanted: the API's caches and its circuit breaker go by real time."""
    end = time.monotonic() + PATIENCE
    while wanted not in (found := look()):
        assert time.monotonic() < end, f"still {found}"


def test_anonymous_calls_say_what_a_token_is_for(page: Page) -> None:
    expect(page.locator("#caller")).to_contain_text("anonymous")
    assert "200 OK" in call(page, "GET /").inner_text()
    expect(page.get_by_role("status").filter(has_text="GET /: 200 OK")).to_have_count(1)
    assert "401 Unauthorized" in call(page, "GET /profile").inner_text()
    expect(route(page, "GET /profile")).to_contain_text("The client gets a new token")
    expect(route(page, "GET /profile")).to_contain_text("needs an access token")


def test_a_manager_sees_the_token_explained_and_a_403_in_words(page: Page) -> None:
    log_in(page, "Max Manager")
    token = page.locator("#token")
    expect(token.locator(".checks li.passed")).to_have_count(7)
    expect(token).to_contain_text("Expires in 23 hours 59 minutes")
    expect(token.locator("tr", has_text="permissions")).to_contain_text("read:data")
    assert "200 OK" in call(page, "GET /dashboard").inner_text()
    assert "this caller may not do it" in call(page, "GET /admin/users").inner_text()
    expect(route(page, "GET /admin/users")).to_contain_text('Bearer error="insufficient_scope"')


def test_a_member_logs_in_to_an_organization_with_a_second_factor(page: Page) -> None:
    page.get_by_label("Uma User").check()
    page.get_by_label("Organization").select_option("Acme")
    page.get_by_label("with a second factor").check()
    page.get_by_role("button", name="Log in as Uma User").click()
    page.wait_for_url("**/u/login?*")
    page.get_by_role("button", name="Uma User").click()
    page.get_by_label("Code", exact=True).fill(page.get_by_label("Your code").inner_text())
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#caller")).to_contain_text("You are Uma User at acme")
    page.get_by_text("The ID token:").click()
    expect(page.locator("#token tr", has_text="amr").last).to_contain_text("mfa")
    page.reload()
    expect(page.locator("#caller")).to_contain_text("You are Uma User at acme")


def test_a_forged_and_an_expired_token_are_refused(page: Page) -> None:
    log_in(page, "Ada Admin")
    page.get_by_role("radio", name="a forged token").check()
    assert "401 Unauthorized" in call(page, "GET /dashboard").inner_text()
    page.get_by_role("radio", name="an expired token").check()
    assert "401 Unauthorized" in call(page, "GET /dashboard").inner_text()
    expect(route(page, "GET /dashboard")).to_contain_text("The access token has expired.")
    page.get_by_role("radio", name="the token", exact=True).check()
    assert "200 OK" in call(page, "GET /dashboard").inner_text()


def test_a_machine_runs_the_rate_limit_down(page: Page) -> None:
    page.get_by_role("button", name="Get a machine's token").click()
    expect(page.locator("#caller")).to_contain_text("You are a machine")
    assert "200 OK" in call(page, "GET /api/data").inner_text()
    meter = route(page, "GET /api/data").get_by_role("meter", name="Rate limit 6/minute")
    expect(meter).to_have_attribute("aria-valuenow", "5")
    page.get_by_role("button", name="Use up the limit").click()
    expect(route(page, "GET /api/data").locator(".verdict")).to_contain_text("429 Too Many Requests")
    expect(meter).to_have_attribute("aria-valuenow", "0")
    expect(route(page, "GET /api/data").locator(".facts")).to_contain_text("Retry-Afterin ")


def test_without_auth0_the_user_stays_logged_in_and_gets_503(page: Page) -> None:
    log_in(page, "Ada Admin")
    page.get_by_role("button", name="Make Auth0 fail").click()
    expect(page.locator("#note")).to_contain_text("the Management API answers 503")
    eventually(lambda: call(page, "GET /admin/users").inner_text(), "503 Service Unavailable")
    expect(route(page, "GET /admin/users")).to_contain_text("The user stays logged in.")
    assert "200 OK" in call(page, "GET /").inner_text()
    log_in(page, "Ada Admin")
    page.reload()
    expect(page.locator("#switches")).to_contain_text("Auth0 fails")
    page.get_by_role("button", name="Repair Auth0").click()
    expect(page.locator("#switches")).to_contain_text("Auth0 works")
    eventually(lambda: call(page, "GET /admin/users").inner_text(), "200 OK")


def test_after_a_rotation_old_and_new_tokens_work_until_the_old_key_is_revoked(page: Page) -> None:
    log_in(page, "Ada Admin")
    page.get_by_role("button", name="Rotate keys").click()
    expect(page.locator("#note")).to_contain_text("signed with another key")
    expect(page.locator(".checks li.passed")).to_have_count(7)
    assert "200 OK" in call(page, "GET /dashboard").inner_text()
    page.get_by_role("button", name="Revoke previous keys").click()
    expect(page.locator(".checks li.failed")).to_have_count(2)
    page.get_by_role("button", name="Renew silently").click()
    expect(page.locator("#note")).to_contain_text("The token is new, and signed with another key.")
    expect(page.locator(".checks li.passed")).to_have_count(7)
    assert "200 OK" in call(page, "GET /dashboard").inner_text()


def test_a_role_is_taken_away_and_given_back(page: Page) -> None:
    log_in(page, "Max Manager")
    assert "200 OK" in call(page, "GET /dashboard").inner_text()
    role = page.get_by_role("checkbox", name="manager")
    role.uncheck()
    expect(page.locator("#note")).to_contain_text("Max Manager no longer has the role manager.")
    eventually(lambda: call(page, "GET /dashboard").inner_text(), "403 Forbidden")
    role.check()
    expect(page.locator("#note")).to_contain_text("Max Manager has the role manager.")
    expect(role).to_be_focused()
    eventually(lambda: call(page, "GET /dashboard").inner_text(), "200 OK")


def test_a_logout_ends_the_session(page: Page, running: Dev) -> None:
    log_in(page, "Ada Admin")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#caller")).to_contain_text("anonymous")
    assert page.url == running.playground
    page.reload()
    expect(page.locator("#caller")).to_contain_text("anonymous")


def test_a_session_that_was_ended_cannot_be_renewed(page: Page) -> None:
    log_in(page, "Ada Admin")
    page.get_by_role("button", name="End all sessions").click()
    expect(page.locator("#note")).to_contain_text("Silent renewals are refused")
    page.get_by_role("button", name="Renew silently").click()
    expect(page.get_by_role("alert")).to_have_text("Login required (login_required)")
    expect(page.locator("#note")).not_to_contain_text("The token is new")
    assert "200 OK" in call(page, "GET /").inner_text()


def test_a_tenant_that_fails_refuses_tokens_and_logins_in_words(page: Page) -> None:
    page.get_by_label("What fails").select_option("all of Auth0")
    page.get_by_role("button", name="Make Auth0 fail").click()
    expect(page.locator("#switches")).to_contain_text("Auth0 fails")
    page.get_by_role("button", name="Get a machine's token").click()
    expect(page.get_by_role("alert")).to_contain_text("The token endpoint does not respond")
    page.get_by_role("button", name="Log in as").click()
    expect(page.get_by_role("alert")).to_have_text("Auth0 fails now, and its login page with it. Repair it first.")
    page.get_by_role("button", name="Repair Auth0").click()
    expect(page.locator("#switches")).to_contain_text("Auth0 works")
    log_in(page, "Uma User")


def test_a_login_that_is_cancelled_says_so(page: Page) -> None:
    page.get_by_role("button", name="Log in as").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("access_denied")


def test_a_route_with_a_parameter_is_called_for_the_caller(page: Page) -> None:
    log_in(page, "Ada Admin")
    page.get_by_text("more routes").click()
    assert "200 OK" in call(page, "GET /admin/users/{user_id}/roles").inner_text()
    expect(route(page, "GET /admin/users/{user_id}/roles")).to_contain_text('"admin"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_playground_and_home_page_fit_are_legible_and_named(
    page: Page, running: Dev, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, "Max Manager")
    page.get_by_text("more routes").click()
    for name in ("GET /dashboard", "GET /admin/users", "GET /api/data"):
        call(page, name)
    folder = os.environ.get("SCREENSHOTS")
    for address, name in ((None, "playground"), (running.tenant, "home")):
        if address is not None:
            page.goto(address)
            expect(page.locator("#requests li")).not_to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(NAMELESS) == [], name
        if folder:
            page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_the_pages_load(page: Page, running: Dev, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(LAYOUT_SHIFT)
    for address, last in ((running.playground, "#switches button"), (running.tenant, "#requests li")):
        page.goto(address)
        expect(page.locator(last).first).to_be_visible()
        shift = page.evaluate("() => new Promise(done => requestAnimationFrame(() => done(window.shift)))")
        assert shift < 0.02, f"{address}: {shift}"


def test_the_keyboard_alone_logs_in_and_calls(page: Page) -> None:
    page.get_by_label("Ada Admin").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Max Manager")).to_be_checked()
    expect(page.get_by_role("button", name="Log in as Max Manager")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/u/login?*")
    page.get_by_role("button", name="Max Manager").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#caller")).to_contain_text("You are Max Manager")
    page.get_by_role("button", name="Call GET /dashboard").focus()
    page.keyboard.press("Enter")
    expect(route(page, "GET /dashboard").locator(".verdict")).to_contain_text("200 OK")
    expect(page.get_by_role("button", name="Call GET /dashboard")).to_be_focused()


def test_the_switches_of_the_home_page_change_the_tenant(page: Page, running: Dev) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(running.tenant)
    expect(page.get_by_role("link", name="Open the playground")).to_have_attribute("href", running.playground)
    key = page.locator("#keys code").first
    before = key.inner_text()
    page.get_by_role("button", name="Rotate keys").click()
    expect(key).not_to_have_text(before)
    expect(page.get_by_role("button", name="Rotate keys")).to_be_focused()
    page.get_by_role("button", name="An hour ahead").click()
    expect(page.locator("#clock")).to_have_text("1 hour ahead")
    page.get_by_label("The next").fill("2")
    page.get_by_label("requests of").select_option("the signing keys")
    page.get_by_role("button", name="fail (503)").click()
    expect(page.locator("#status")).to_have_text("The next 2 requests of the signing keys fail (503).")
    keys = f"{running.tenant}.well-known/jwks.json"
    assert page.evaluate("async url => (await fetch(url)).status", keys) == 503
    expect(page.locator("#requests li").first).to_contain_text("503 GET /.well-known/jwks.json")
    page.get_by_role("button", name="Copy an access token of Ada Admin").click()
    expect(page.locator("#status")).to_have_text("An access token is in the clipboard.")
    assert page.evaluate("navigator.clipboard.readText()").count(".") == 2
    page.get_by_role("button", name="No more faults").click()
    page.get_by_role("button", name="Reset to the start").click()
    expect(page.locator("#clock")).to_have_text("On time")
    assert page.evaluate("async url => (await fetch(url)).status", keys) == 200
