"""The distribution: what its wheel contains, and that it needs nothing of auth0_sso."""

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from .command import TIMEOUT

PROJECT = Path(__file__).parent.parent

WITHOUT_AUTH0_SSO = """
import asyncio, importlib, pkgutil, sys
sys.modules["auth0_sso"] = sys.modules["jose"] = sys.modules["fastapi"] = None
import auth0_devtenant, httpx
for module in pkgutil.walk_packages(auth0_devtenant.__path__, "auth0_devtenant."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

async def fetch() -> str:
    options = auth0_devtenant.TenantOptions()
    transport = httpx.ASGITransport(auth0_devtenant.create_tenant(options))
    async with httpx.AsyncClient(transport=transport) as client:
        return await auth0_devtenant.fetch_machine_token(client, options.issuer, audience=options.audience)

print(asyncio.run(fetch()).count("."))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


def test_the_wheel_contains_this_package_only(wheel: ZipFile) -> None:
    assert {name.partition("/")[0] for name in wheel.namelist()} == {
        "auth0_devtenant",
        "auth0_devtenant-0.1.0.dist-info",
    }


def test_the_wheel_is_typed_licensed_and_has_the_command(wheel: ZipFile) -> None:
    names = set(wheel.namelist())
    metadata = "auth0_devtenant-0.1.0.dist-info"
    assert {"auth0_devtenant/py.typed", "auth0_devtenant/cli.py", f"{metadata}/licenses/LICENSE"} <= names
    assert {"auth0_devtenant/pages/home/home.js", "auth0_devtenant/playground/files/index.html"} <= names
    assert wheel.read(f"{metadata}/entry_points.txt").decode().split("\n")[:2] == [
        "[console_scripts]",
        "auth0-devtenant = auth0_devtenant.cli:main",
    ]


def test_every_third_party_import_is_a_declared_dependency() -> None:
    declared = {
        dependency.partition(">=")[0]
        for dependency in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    }
    source = "".join(path.read_text() for path in (PROJECT / "src").rglob("*.py"))
    words = [line.split() for line in source.splitlines() if line.startswith(("import ", "from "))]
    imported = {name for line in words for name in [line[1].partition(".")[0]]} - sys.stdlib_module_names
    assert imported - {"auth0_devtenant", "pytest"} == declared, "pytest loads the plugin, so it is there"


def test_it_works_without_auth0_sso_fastapi_and_jose() -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_AUTH0_SSO], check=False, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert (result.stdout, result.stderr) == ("2\n", "")
