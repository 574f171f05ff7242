"""`auth0-sso routes`, as a user runs it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth0_sso.inspection.route_list import list_routes
from auth0_sso.service.cli import main
from support.service import Service

OWN_APP = """
from fastapi import Depends, FastAPI
from auth0_sso import current_token, protect, public_route

app = FastAPI(openapi_url=None)
protect(app)


@app.get("/orders", dependencies=[Depends(current_token)])
async def list_orders(): ...


@app.get("/healthz")
@public_route
async def check(): ...


def make_open_app():
    made = FastAPI(openapi_url=None)
    made.get("/reports")(check_reports)
    return made


async def check_reports(): ...


class Parts:
    app = app
"""


def run(directory: Path, *arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run the command in a directory, as a process of its own, with additions to the environment."""
    added = dict(environment or {})
    if "PYTHONPATH" in added:
        added["PYTHONPATH"] += os.pathsep + os.environ.get("PYTHONPATH", "")
    program = "from auth0_sso.service.cli import main; import sys; raise SystemExit(main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-P", "-c", program, "routes", *arguments],
        cwd=directory,
        env=os.environ | added,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, result.stdout, result.stderr


@pytest.fixture
def own(tmp_path: Path, clean_environment: None) -> Path:
    (tmp_path / "own_app.py").write_text(OWN_APP)
    return tmp_path


@pytest.mark.parametrize("name", ["own_app:app", "own_app:Parts.app"])
def test_the_routes_of_an_own_app_are_listed_without_settings(own: Path, name: str) -> None:
    assert run(own, name, "--require-guards") == (
        0,
        "METHOD  PATH      ACCESS   ASKS FOR\nGET     /orders   guarded  token\nGET     /healthz  public\n",
        "",
    )


def test_an_unguarded_route_is_flagged_and_fails_where_guards_are_required(own: Path) -> None:
    code, output, errors = run(own, "own_app:make_open_app")
    assert (code, output.splitlines()[1].split()) == (0, ["GET", "/reports", "UNGUARDED"])
    assert errors.startswith("\n1 UNGUARDED: no token is needed for GET /reports. Add a guard")
    assert run(own, "own_app:make_open_app", "--require-guards")[0] == 1
    for public in ("/reports", "GET /reports"):
        code, output, errors = run(own, "own_app:make_open_app", "--require-guards", "--public", public)
        assert (code, output.splitlines()[1].split()[2], errors) == (0, "public", "")


def test_json_has_an_object_for_each_route(own: Path) -> None:
    code, output, _ = run(own, "own_app:app", "--json")
    assert code == 0
    assert json.loads(output) == [
        {
            "method": "GET",
            "path": "/orders",
            "access": "guarded",
            "requirements": [{"kind": "token", "names": [], "needed": "all", "note": None}],
        },
        {"method": "GET", "path": "/healthz", "access": "public", "requirements": []},
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("own_app", "'own_app' is not MODULE:APP, such as main:app"),
        (":app", "':app' is not MODULE:APP"),
        ("own_ap:app", "there is no module 'own_ap' in this directory or this Python"),
        ("own_app:ap", "the module 'own_app' has no 'ap'"),
    ],
)
def test_an_app_that_is_not_there_is_bad_usage(own: Path, name: str, said: str) -> None:
    code, output, errors = run(own, name)
    assert (code, output) == (2, "")
    assert said in errors


def test_an_import_that_fails_inside_the_app_shows_where(own: Path) -> None:
    (own / "broken.py").write_text("import not_installed_here\n")
    code, _, errors = run(own, "broken:app")
    assert code == 1
    assert "ModuleNotFoundError: No module named 'not_installed_here'" in errors
    assert "broken.py" in errors


@pytest.mark.usefixtures("clean_environment")
def test_every_route_of_the_service_is_guarded_or_public_on_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--require-guards"]) == 0
    output, errors = capsys.readouterr()
    rows = {tuple(line.split()[:2]): line.split(maxsplit=2)[2] for line in output.splitlines()}
    assert rows["GET", "/"] == "optional token  optional token"
    assert rows["POST", "/profile/metadata"].split(maxsplit=1)[1] == "token, user, rate limit PROFILE_RATE_LIMIT"
    assert rows["GET", "/admin/users"].split(maxsplit=1)[1] == "token, role admin"
    public = {path for (_, path), rest in rows.items() if rest == "public"}
    assert public == {
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/docs",
        "/docs/oauth2-redirect",
        "/docs/assets/{name}",
    }
    assert errors == ""


async def test_an_anonymous_request_is_refused_where_the_list_says_guarded(service: Service) -> None:
    for route in list_routes(service.app):
        path = re.sub(r"\{.+?\}", "x", route.path)
        response = await service.api.request(route.method, path)
        assert (response.status_code == 401) is (route.access == "guarded"), route


def test_without_the_services_packages_its_own_routes_are_not_listed(own: Path) -> None:
    missing = "import sys\nfor name in ('uvicorn', 'redis', 'fastapi_swagger', 'email_validator'):\n"
    (own / "sitecustomize.py").write_text(f"{missing}    sys.modules[name] = None\n")
    code, _, errors = run(own, environment={"PYTHONPATH": str(own)})
    assert code == 2
    assert re.search(
        r"the routes of the service need .*email.*: install auth0-sso\[service\], or name an app", errors
    )
    assert run(own, "own_app:app", environment={"PYTHONPATH": str(own)})[0] == 0


def test_with_settings_their_routes_are_listed(
    clean_environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "AUTH0_DOMAIN": "acme.eu.auth0.com",
        "AUTH0_AUDIENCE": "https://api.acme.com",
        "METRICS_ENABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["routes"]) == 0
    assert "/metrics" in capsys.readouterr().out


@pytest.fixture
def in_process(own: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Import the app in this process, and forget it at the end."""
    monkeypatch.chdir(own)
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield
    sys.modules.pop("own_app", None)


@pytest.mark.usefixtures("in_process")
def test_guards_can_be_required_of_an_app_that_a_function_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "own_app:make_open_app", "--require-guards"]) == 1
    assert "1 UNGUARDED: no token is needed for GET /reports." in capsys.readouterr().err
    assert main(["routes", "own_app:make_open_app", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["access"] == "unguarded"


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("own_app", "'own_app' is not MODULE:APP"),
        ("nothing:app", "there is no module 'nothing'"),
        ("own_app:nothing", "the module 'own_app' has no 'nothing'"),
    ],
)
def test_a_wrong_target_is_refused_with_a_sentence(
    target: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["routes", target])
    assert (ended.value.code, said in capsys.readouterr().err) == (2, True)


def test_an_empty_address_to_listen_on_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--host", ""])
    assert "an address to listen on is needed" in capsys.readouterr().err


@pytest.mark.usefixtures("in_process")
def test_an_app_that_needs_no_call_is_listed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "own_app:app", "--require-guards"]) == 0
    assert "/orders" in capsys.readouterr().out


@pytest.mark.usefixtures("in_process")
def test_a_module_that_the_app_lacks_is_shown_by_the_apps_own_error(own: Path) -> None:
    (own / "broken_app.py").write_text("import a_module_that_is_not_there")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_not_there"):
        main(["routes", "broken_app:app"])


def test_without_the_extra_the_routes_of_the_service_are_not_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "auth0_sso.service.app", None)
    with pytest.raises(SystemExit):
        main(["routes"])
    assert "install auth0-sso[service], or name an app" in capsys.readouterr().err
