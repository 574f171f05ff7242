"""`auth0-sso doctor` as it is typed: what it prints, its exit codes, and that no secret is ever shown."""

import io
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth0_sso.service.cli import main
from auth0_sso.service.doctor import checks
from auth0_sso.service.doctor.checks import CHECKS, CHECKS_OF_SETTINGS
from auth0_sso.service.doctor.findings import Finding, passed
from auth0_sso.service.doctor.run import run
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import AUDIENCE
from support.diagnosis import SECRET, token_error
from support.process import free_port
from support.tenant_script import TOKEN, ScriptedTenant
from support.token_cases import NOW

pytestmark = pytest.mark.usefixtures("clean_environment")
HEALTHY = f"AUTH0_DOMAIN=tenant.example.com\nAUTH0_AUDIENCE={AUDIENCE}\n"
IDS = {*CHECKS_OF_SETTINGS, *CHECKS}


def doctor(tenant: ScriptedTenant, *, as_json: bool = False, token: str | None = None) -> int:
    return run(as_json=as_json, given_token=token, transport=httpx.ASGITransport(tenant), clock=HandClock(NOW))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEALTHY, 0),
        (HEALTHY.replace("tenant.example.com", "manage.auth0.com"), 1),
        (f"{HEALTHY}RATE_LIMIT=often\n", 78),
        ("", 78),
    ],
    ids=["no-failure", "a-failure", "invalid-setting", "no-settings"],
)
def test_the_exit_code_says_what_failed(
    healthy: ScriptedTenant, text: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text(text)
    assert doctor(healthy) == code
    output = capsys.readouterr()
    assert output.err == ""
    assert ("FAIL" in output.out) == (code != 0)


def test_json_has_one_object_for_each_finding(healthy: ScriptedTenant, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text(f"{HEALTHY}AUTH0_DOMIAN=x\n")
    assert doctor(healthy, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert {tuple(each) for each in found} == {("check", "status", "message", "fix")}
    assert {each["check"] for each in found} == IDS
    assert {each["status"] for each in found} <= {"pass", "warn", "fail", "skip"}
    assert all(each["fix"] for each in found if each["status"] in {"warn", "fail"})
    (name,) = [each for each in found if each["check"] == "names"]
    assert name["fix"] == "rename it to AUTH0_DOMAIN"


def test_lines_are_aligned_and_without_colours(healthy: ScriptedTenant, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text(HEALTHY)
    doctor(healthy)
    *lines, empty, summary = capsys.readouterr().out.splitlines()
    assert empty == ""
    assert re.fullmatch(r"\d+ passed, \d+ warned, 0 failed, \d+ skipped", summary)
    for line in lines:
        assert re.fullmatch(r"((PASS|WARN|SKIP)  [a-z-]+ +| {25} *)\S.*", line), line
        assert re.match(r".{23}  (\S| {5})", line), line
        assert len(line) <= 120
    assert "\033" not in "".join(lines)


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colours_unless_it_asks_for_none(
    healthy: ScriptedTenant, monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    Path(".env").write_text(HEALTHY)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    doctor(healthy)
    assert ("\033[32mPASS\033[0m  domain " in terminal.getvalue()) == (not no_color)


@pytest.mark.parametrize("credential", ["secret", "key"])
@pytest.mark.parametrize("is_refused", [False, True])
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_no_secret_is_ever_shown(
    healthy: ScriptedTenant,
    rsa_keys: tuple[RSAPrivateKey, ...],
    forge: Forge,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    credential: str,
    is_refused: bool,
    as_json: bool,
) -> None:
    pem = rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secrets = {"secret": f"AUTH0_MANAGEMENT_CLIENT_SECRET={SECRET}", "key": ""}
    monkeypatch.setenv("AUTH0_MANAGEMENT_PRIVATE_KEY", pem if credential == "key" else "")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", f"{SECRET}-2")
    monkeypatch.setenv("AUTH0_MANAGEMENT_CLIENT_SECERT", f"{SECRET}-3")
    store = f"redis://user:{SECRET}-4@127.0.0.1:{free_port()}/0"
    Path(".env").write_text(
        f"{HEALTHY}AUTH0_MANAGEMENT_CLIENT_ID=management\n{secrets[credential]}\nRATE_LIMIT_STORAGE_URL={store}\n"
    )
    if is_refused:
        healthy.on(TOKEN, token_error(401, "access_denied", "Unauthorized"))
    token = forge.token(aud="https://other.example.com")
    assert doctor(healthy, token=token, as_json=as_json) == 1
    shown = "".join(capsys.readouterr())
    assert healthy.count(TOKEN) >= 1
    assert "management" in shown
    for hidden in (SECRET, token, token.rpartition(".")[2], *pem.splitlines()[1:3]):
        assert hidden not in shown


def test_a_secret_that_cannot_be_used_is_not_shown(
    healthy: ScriptedTenant, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text(f"{HEALTHY}AUTH0_MANAGEMENT_CLIENT_SECRET='{SECRET} with a space'\n")
    assert doctor(healthy) == 78
    shown = "".join(capsys.readouterr())
    assert "AUTH0_MANAGEMENT_CLIENT_SECRET has whitespace" in shown
    assert SECRET not in shown


def test_a_check_that_breaks_does_not_hide_the_others(
    healthy: ScriptedTenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text(HEALTHY)
    monkeypatch.setattr(checks, "CHECKS", {**CHECKS, "keys": lambda _: _failing()})
    assert doctor(healthy) == 1
    shown = capsys.readouterr().out
    assert "this check itself failed: ZeroDivisionError" in shown
    assert "PASS  clock" in shown
    assert SECRET not in shown


async def _failing() -> AsyncIterator[Finding]:
    yield passed("so far")
    raise ZeroDivisionError(SECRET)


def test_every_check_is_in_the_page_about_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == [*CHECKS_OF_SETTINGS, *CHECKS]
    assert all(f"| {code} |" in page for code in (0, 1, 78))


def test_the_command_is_there_and_its_bad_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--url", "api.acme.com"])
    assert caught.value.code == 2
    assert "argument --url: 'api.acme.com' is not a URL" in capsys.readouterr().err


def test_without_settings_the_command_exits_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 78
    assert "FAIL  settings           AUTH0_DOMAIN is missing" in capsys.readouterr().out
