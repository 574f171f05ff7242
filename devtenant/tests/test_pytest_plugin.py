"""The pytest plugin, in a test session of its own."""

import os
import subprocess
import sys
from pathlib import Path

from .command import TIMEOUT

TESTS = """
import httpx, pytest
from auth0_devtenant import default_seed

@pytest.fixture(scope="session")
def auth0_tenant_seed():
    return default_seed(audience="https://orders.example.com")

@pytest.mark.parametrize("time", [1, 2])
def test_each_test_gets_a_fresh_tenant(auth0_tenant, time):
    assert auth0_tenant.audience == "https://orders.example.com"
    assert len(auth0_tenant.tenant.state.users) == 3
    auth0_tenant.tenant.state.users.clear()

def test_a_token_is_one_call_away(auth0_tenant):
    keys = httpx.get(f"{auth0_tenant.issuer}.well-known/jwks.json").json()["keys"]
    assert len(keys) == 2
    assert auth0_tenant.token("admin@example.com").count(".") == 2
    assert auth0_tenant.token().count(".") == 2
    with pytest.raises(LookupError, match="The user does not exist."):
        auth0_tenant.token("nobody@example.com")
    with pytest.raises(LookupError, match="no organization initech"):
        auth0_tenant.token(organization="initech")
"""

QUIET = """
import sys

def test_nothing_is_imported_for_tests_that_do_not_use_it():
    assert not {"auth0_devtenant.app", "starlette", "uvicorn", "cryptography"} & {*sys.modules}
"""


def run(folder: Path, tests: str) -> str:
    (folder / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "auth0_devtenant.pytest_plugin", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=TIMEOUT, cwd=folder, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_each_test_of_a_session_gets_the_tenant_it_started_with(tmp_path: Path) -> None:
    assert "3 passed" in run(tmp_path, TESTS)


def test_loading_the_plugin_imports_no_server(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, QUIET)
