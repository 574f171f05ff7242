"""The pytest plugin, in a project of its own: tests of a user, run by a pytest of their own."""

import tomllib
from pathlib import Path

import pytest

from auth0_sso.testing import hostile_tokens, plugin
from support.pytest_plugin import PLUGIN

APP = """
from typing import Annotated

from fastapi import Depends, FastAPI

from auth0_sso import AccessToken, protect, require_permission

app = FastAPI()
protect(app)


@app.get("/orders")
async def list_orders(token: Annotated[AccessToken, Depends(require_permission("read:orders"))]) -> str:
    return token.subject
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(my_app=APP)
    pytester.makeini("[pytest]\nfilterwarnings = error\npythonpath = .\n")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(*PLUGIN, *arguments)


def test_a_route_is_tested_in_three_lines(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from my_app import app

        def test_orders_need_their_permission(auth0_client):
            api = auth0_client(app)
            assert api.as_user(permissions={"read:orders"}).get("/orders").status_code == 200
            assert api.as_user().get("/orders").status_code == 403
    """)
    run(project).assert_outcomes(passed=1)


def test_the_fixtures_work_in_the_process_they_are_loaded_in(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from my_app import app

        def test_orders_refuse(auth0_client, hostile_token):
            answer = auth0_client(app).as_anonymous().get("/orders", headers=hostile_token.headers)
            hostile_token.assert_refused(answer)
    """)
    options = ("-p", "no:auth0_sso", "-k", "expired-at-zero")
    result = project.runpytest_inprocess(*options, plugins=[plugin])
    result.assert_outcomes(passed=1, deselected=len(hostile_tokens()) - 1)


def test_each_test_has_its_own_app_that_ends_with_it(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest
        from my_app import app

        @pytest.mark.parametrize("number", range(3))
        def test_nothing_is_left(auth0_client, number):
            assert not hasattr(app.state, "auth0_sso")
            api = auth0_client(app)
            api.as_user().get("/orders")
            assert app.state.auth0_sso.keys is not None
    """)
    run(project).assert_outcomes(passed=3)


def test_the_hostile_tokens_are_refused_by_an_app_of_ones_own(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from my_app import app

        def test_orders_refuse(auth0_client, hostile_token):
            answer = auth0_client(app).as_anonymous().get("/orders", headers=hostile_token.headers)
            hostile_token.assert_refused(answer)
    """)
    run(project, "-q").assert_outcomes(passed=len(hostile_tokens()))


def test_a_route_that_lets_hostile_tokens_in_fails_for_each(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from my_app import app

        @app.get("/open")
        async def show():
            return "anyone"

        def test_open_refuses(auth0_client, hostile_token):
            hostile_token.assert_refused(auth0_client(app).as_anonymous().get("/open", headers=hostile_token.headers))
    """)
    result = run(project, "-q", "-k", "embedded-jwk or expired-at-zero")
    result.assert_outcomes(failed=3, deselected=len(hostile_tokens()) - 3)
    result.stdout.fnmatch_lines(["*expired-at-zero (expired) must be refused with 401*the response is 200*"])


def test_pytest_starts_without_importing_what_no_test_uses(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import sys

        def test_nothing_heavy_is_imported():
            assert "auth0_sso.testing.plugin" in sys.modules
            assert "auth0_sso.testing.app_under_test" not in sys.modules
            assert "auth0_sso.testing.tokens" not in sys.modules
    """)
    run(project).assert_outcomes(passed=1)


def test_the_fixtures_are_described(project: pytest.Pytester) -> None:
    result = run(project, "--fixtures")
    result.stdout.fnmatch_lines(["auth0_client*", "*Start apps that call `protect`*"])


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"auth0_sso": "auth0_sso.testing.plugin"}
