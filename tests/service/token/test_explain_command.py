"""`auth0-sso token explain` as it is typed: what it prints, sends and leaves out, and its exit codes."""

import io
import json
import re
import sys
from pathlib import Path

import httpx
import pytest

from auth0_sso.service.cli import main as cli
from auth0_sso.service.token import explain_command
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer
from support.diagnosis import SECRET, ByHost, healthy_tenant, tenant_of
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant
from support.token_cases import NOW

pytestmark = pytest.mark.usefixtures("clean_environment")
ENVIRONMENT = f"""AUTH0_DOMAIN=tenant.example.com
AUTH0_AUDIENCE={AUDIENCE}
AUTH0_MANAGEMENT_CLIENT_ID=management
AUTH0_MANAGEMENT_CLIENT_SECRET={SECRET}
RATE_LIMIT_STORAGE_URL=redis://127.0.0.1:1/0
"""
OWN_APP = """
from fastapi import Depends, FastAPI
from auth0_sso import protect, require_permission
from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.settings import Settings
app = protect(FastAPI(), Settings.of(auth0_domain="tenant.example.com", auth0_audience="https://api.example.com"))
plain = FastAPI()
number = 5
guarded = Auth0Guard(plain, Rule("/"), settings=app.state.auth0_sso_protection.settings)

@app.get("/mine", dependencies=[Depends(require_permission("write:data"))])
async def mine() -> None: ...
"""


@pytest.fixture
def tenant(issuer: Issuer) -> ScriptedTenant:
    Path(".env").write_text(ENVIRONMENT)
    return healthy_tenant(issuer)


def explain(tenant: ScriptedTenant, *arguments: str) -> int:
    return explain_command.main(arguments, transport=httpx.ASGITransport(tenant), clock=HandClock(NOW))


def test_a_token_on_standard_input_is_explained_with_routes(
    tenant: ScriptedTenant, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = forge.token()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bearer {token}\n"))
    assert explain(tenant) == 0
    output = capsys.readouterr()
    assert output.out.startswith("ACCEPTED\n")
    assert output.err == ""
    assert "GET     /admin/users " in output.out
    assert "depends on the user's roles at Auth0: admin" in output.out
    assert token.rpartition(".")[2] not in output.out
    assert SECRET not in output.out


def test_nothing_leaves_the_machine_but_the_key_fetch(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    token = forge.token()
    assert explain(tenant, token) == 0
    assert {request.line for request in tenant.requests} == {DISCOVERY, JWKS}
    sent = "".join(str(request) for request in tenant.requests)
    assert token not in sent
    assert token.split(".")[1] not in sent
    assert {path.name for path in Path().iterdir()} == {".env", "secrets"}
    capsys.readouterr()


def test_a_token_of_another_tenant_meets_the_guards_of_that_tenant(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "https://other.example.com/"
    entry = {
        "domain": "other.example.com",
        "role_source": "claim",
        "role_claim": "https://example.com/roles",
        "management_client_id": "m",
        "management_client_secret": SECRET,
    }
    Path(".env").write_text(f"{ENVIRONMENT}\nAUTH0_ISSUERS='{json.dumps([entry])}'\n")

    there = tenant_of(forge.issuer, other)
    network = ByHost(tenant=tenant, other=there)

    def explained(token: str) -> str:
        assert explain_command.main((token,), transport=network, clock=HandClock(NOW)) == 0
        return capsys.readouterr().out

    theirs = explained(forge.token(iss=other, **{"https://example.com/roles": ["admin"]}))
    assert "depends on the user's roles at Auth0" not in theirs
    assert re.search(r"GET +/admin/users +passes", theirs)
    assert "depends on the user's roles at Auth0" in explained(forge.token())
    assert {request.line for request in (*tenant.requests, *there.requests)} == {DISCOVERY, JWKS}


def test_a_refused_token_exits_with_1_and_says_what_to_do(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(tenant, forge.token(aud=f"{AUDIENCE}/")) == 1
    output = capsys.readouterr().out
    assert output.startswith("REFUSED  aud_mismatch: The access token's aud claim is not the one expected here.\n")
    assert re.search(rf"^refused +aud +{AUDIENCE} +\[?\"?{AUDIENCE}/", output, re.MULTILINE)
    assert f"Fix: Only a slash is different: set AUTH0_AUDIENCE={AUDIENCE}/," in output
    assert "401     GET     /dashboard" in output


def test_json_has_the_verdict_the_checks_and_the_routes(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(tenant, "--json", forge.token(exp=NOW - 60)) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["accepted"], found["reason"]) == (False, "expired")
    (expired,) = [check for check in found["checks"] if check["name"] == "exp"]
    assert (expired["outcome"], expired["found"].endswith("(60 s ago)")) == ("refused", True)
    assert {route["status"] for route in found["routes"]} == {None, 401}


def test_without_keys_there_is_no_verdict(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.on(DISCOVERY, Reply(503))
    assert explain(tenant, forge.token()) == 1
    output = capsys.readouterr()
    assert output.out.startswith("NOT VERIFIED  status_503: ")
    assert "route" not in output.out.splitlines()[-1]
    assert output.err == ""


def test_another_issuer_and_audience_can_be_named(
    tenant: ScriptedTenant, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").unlink()
    assert explain(tenant, "--issuer", ISSUER, "--audience", AUDIENCE, forge.token()) == 0
    assert capsys.readouterr().out.startswith("ACCEPTED")


def test_the_routes_of_an_app_of_ones_own_are_explained(
    tenant: ScriptedTenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("explained_app.py").write_text(OWN_APP)
    monkeypatch.setattr(sys, "path", sys.path[:])
    assert cli(["token", "explain", "--app", "explained_app:app", "opaque"]) == 1
    output = capsys.readouterr().out
    assert "token_opaque" in output
    assert "401     GET  /mine  token_opaque" in output


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("explained_app:plain", "this app is not protected"),
        ("explained_app:number", "this app is not protected"),
        ("explained_app:guarded", "it is not a FastAPI app"),
        ("explained_app:none", "the module 'explained_app' has no 'none'"),
        ("no_such_module:app", "there is no module 'no_such_module'"),
    ],
)
def test_an_app_that_cannot_be_used_is_bad_usage(
    name: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("explained_app.py").write_text(OWN_APP)
    monkeypatch.setattr(sys, "path", sys.path[:])
    with pytest.raises(SystemExit) as caught:
        cli(["token", "explain", "--app", name, "x"])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_without_a_token_it_is_bad_usage(
    tenant: ScriptedTenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    with pytest.raises(SystemExit) as caught:
        explain(tenant, "-")
    assert caught.value.code == 2
    assert "there is no token" in capsys.readouterr().err


def test_invalid_settings_exit_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["token", "explain", "x"]) == 78
    assert "AUTH0_DOMAIN is missing" in capsys.readouterr().err


def test_without_the_services_packages_it_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert cli(["token", "explain", "x"]) == 1
    assert capsys.readouterr().err == "auth0-sso: token explain needs uvicorn: install auth0-sso[service]\n"


def test_the_help_of_token_names_its_other_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli(["token", "--help"])
    output = capsys.readouterr().out
    assert all(words in output for words in ("--machine", "--device", "--client-credentials", "explain"))
