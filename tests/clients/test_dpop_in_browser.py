"""auth0-spa-js with DPoP in Chromium: its tokens are bound to a key of the browser, and it calls every route."""

from collections.abc import Callable, Iterator
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from auth0_devtenant import SPA_CLIENT_ID
from support.browser import fill_in, needs_chromium
from support.document import Document
from support.issuer_api import AUDIENCE
from support.page_site import page_site
from support.process import Dev, dev, free_port
from support.service import ADMIN, USER, person_id

pytestmark = [needs_chromium, pytest.mark.usefixtures("node_js")]

Exercise = Callable[[str, str], None]

ROLES: Final = f"/admin/users/{person_id(USER)}/roles"
ROLE: Final = {"roleNames": ["manager"]}
CALLS: Final[list[tuple[str, str, str, object]]] = [
    ("GET", "/", "/", None),
    ("GET", "/healthz", "/healthz", None),
    ("GET", "/readyz", "/readyz", None),
    ("GET", "/api/data", "/api/data?page=1", None),
    ("GET", "/dashboard", "/dashboard", None),
    ("GET", "/profile", "/profile", None),
    ("POST", "/profile/metadata", "/profile/metadata", {"metadata": {"theme": "dark"}}),
    ("GET", "/admin/users", "/admin/users?per_page=1&page=0", None),
    ("POST", "/admin/users", "/admin/users", {"email": "new@example.com", "password": "New-password-1!"}),
    ("GET", "/admin/users/{user_id}", f"/admin/users/{person_id(USER)}", None),
    ("GET", "/admin/users/{user_id}/roles", ROLES.replace("|", "%7C"), None),
    ("POST", "/admin/users/{user_id}/roles", ROLES, ROLE),
    ("DELETE", "/admin/users/{user_id}/roles", ROLES, ROLE),
    ("GET", "/admin/users/{user_id}/logs", f"/admin/users/{person_id(USER)}/logs", None),
    ("PUT", "/admin/users/{user_id}/block", f"/admin/users/{person_id(USER)}/block", None),
    ("DELETE", "/admin/users/{user_id}/block", f"/admin/users/{person_id(USER)}/block", None),
    ("POST", "/admin/users/{user_id}/logout", f"/admin/users/{person_id(USER)}/logout", None),
    ("DELETE", "/admin/users/{user_id}", f"/admin/users/{person_id(USER)}", None),
]
"""Each route: its method, its path in the OpenAPI document, what is requested, and the body."""

NOT_CONFIGURED: Final = ("GET", "/admin/audit")
"""It needs a database: without one it answers 404 to administrators."""

FETCH: Final = """async ([path, method, body]) => {
    const json = { "Content-Type": "application/json" };
    const init = body === null ? { method } : { method, headers: json, body: JSON.stringify(body) };
    return (await callApi(path, init)).status;
}"""
TOKEN: Final = "client.getTokenSilently({ detailedResponse: true })"


@pytest.fixture(params=["off", "required"])
def nonce(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def origin(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def running(nonce: str, port: int, origin: str) -> Iterator[Dev]:
    """Run API and tenant, and the page's site."""
    settings = (f"CORS_ALLOWED_ORIGINS={origin}", "AUTH0_DPOP=required", f"AUTH0_DPOP_NONCE={nonce}")
    with dev(*(part for each in settings for part in ("--set", each))) as started:
        page_config = {"issuer": started.tenant, "clientId": SPA_CLIENT_ID, "audience": AUDIENCE}
        with page_site("auth0-spa-js", port, bundle=None, **page_config):
            yield started


def log_in(page: Page, origin: str) -> None:
    page.goto(f"{origin}/config.json")
    page.evaluate("""localStorage.setItem("options", '{"useDpop": true}')""")
    page.goto(origin)
    page.get_by_role("button", name="Log in").click()
    fill_in(page, ADMIN)
    expect(page.get_by_role("status")).to_have_text(ADMIN)


def run_script_of_the_docs(page: Page, api: str) -> None:
    """Define the page's `callApi` as docs/dpop.md does."""
    (script,) = Document.read("dpop.md").scripts
    assert "https://api.example.com" in script
    known = f'const auth0 = client, audience = "{AUDIENCE}";'
    page.add_script_tag(content=known + script.replace("https://api.example.com", api))


def routes_of(api: str) -> set[tuple[str, str]]:
    paths: dict[str, dict[str, object]] = httpx.get(f"{api}/openapi.json").json()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


def refusals(page: Page, api: str) -> list[str]:
    """Return a list that gets the challenge of each response of the API that is an error."""
    found: list[str] = []

    def note(response: Response) -> None:
        if response.status >= 400 and response.url.startswith(api):
            found.append(response.headers.get("www-authenticate", f"{response.status} without a challenge"))

    page.on("response", note)
    return found


def test_auth0_spa_js_calls_every_route_with_dpop(
    running: Dev, origin: str, nonce: str, page: Page, exercise: Exercise
) -> None:
    exercise(
        "@auth0/auth0-spa-js", "useDpop: calls every route with bound tokens, with nonces of the API and without"
    )
    assert routes_of(running.api) - {NOT_CONFIGURED} == {(method, path) for method, path, _, _ in CALLS}
    log_in(page, origin)
    token = page.evaluate(TOKEN)
    assert token["token_type"] == "DPoP"
    run_script_of_the_docs(page, running.api)
    refused = refusals(page, running.api)
    for method, _, url, body in CALLS:
        assert page.evaluate(FETCH, [url, method, body]) in {200, 201, 204}, f"{method} {url}"
    assert len(refused) == (nonce == "required"), "only the first call, which has no nonce yet, may be refused"
    assert all('DPoP error="use_dpop_nonce"' in challenge for challenge in refused)
    stolen = httpx.get(f"{running.api}/dashboard", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_token")
