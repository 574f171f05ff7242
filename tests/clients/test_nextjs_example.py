"""examples/nextjs in Chromium, served by `next dev` with its own settings, except addresses."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from support.browser import fill_in, needs_chromium
from support.node import NEXTJS, program
from support.process import dev, free_port
from support.service import USER

TIMEOUT = 120_000
"""Milliseconds: it compiles each page when it is asked for it."""

pytestmark = [needs_chromium, pytest.mark.usefixtures("node_js")]


@pytest.fixture(scope="module")
def origin(node_js: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    origin = f"http://localhost:{port}"
    seed = tmp_path_factory.mktemp("seed") / "tenant.toml"
    seed.write_text(with_origin((NEXTJS / "tenant.toml").read_text(), origin))
    with dev("--host", "localhost", "--seed", str(seed)) as running:
        environment = {
            "AUTH0_DOMAIN": running.tenant,
            "API_URL": running.api,
            "APP_BASE_URL": origin,
            "APP_ORIGIN": origin,
            "APP_PORT": str(port),
            "NODE_ENV": "development",
            "NEXT_TELEMETRY_DISABLED": "1",
        }
        with program("nextjs.mjs", **environment):
            yield origin


def with_origin(seed: str, origin: str) -> str:
    assert seed.count("http://localhost:3004") == 2
    return seed.replace("http://localhost:3004", origin)


@pytest.fixture
def patient(page: Page) -> Page:
    page.set_default_timeout(TIMEOUT)
    return page


def test_the_nextjs_application_logs_in_on_the_server_and_calls_the_api(
    origin: str, patient: Page, exercise: Callable[[str, str], None]
) -> None:
    exercise("@auth0/nextjs-auth0", "in Chromium, with next dev: login on the server, tokens for the API, logout")
    patient.goto(origin)
    expect(patient.get_by_role("status")).to_have_text("Not logged in", timeout=TIMEOUT)
    patient.get_by_role("link", name="Log in").click()
    fill_in(patient, USER)
    expect(patient.get_by_role("status")).to_have_text(f"Logged in as {USER}", timeout=TIMEOUT)
    expect(patient.get_by_label("Profile")).to_contain_text('"status": 200')
    expect(patient.get_by_label("Profile")).to_contain_text(USER)
    expect(patient.get_by_label("Data")).to_contain_text("for a user")
    assert patient.evaluate("document.cookie") == ""
    assert patient.evaluate("fetch('/auth/access-token').then(response => response.status)") == 404
    patient.get_by_role("link", name="Log out").click()
    expect(patient.get_by_role("status")).to_have_text("Not logged in", timeout=TIMEOUT)


def test_the_nextjs_application_calls_no_api_without_a_login(origin: str) -> None:
    answer = httpx.get(origin, timeout=TIMEOUT / 1000)
    assert "Not logged in" in answer.text
    assert "/api/data" not in answer.text
    assert "for a user" not in answer.text
