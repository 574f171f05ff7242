"""`auth0-sso token --device` and `--client-credentials`, against a tenant that says what a test tells it to."""

import io
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest

from auth0_sso.service.cli import main as cli
from auth0_sso.service.token import grant_command
from auth0_sso.service.token.device_flow import DEVICE_CODE
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE
from support.diagnosis import SECRET, token_error
from support.tenant_script import TOKEN, Reply, ScriptedTenant, json_reply, token_reply
from support.token_cases import NOW

DEVICE = "POST /oauth/device/code"
PENDING = token_error(403, "authorization_pending", "User has yet to authorize device code.")
SLOW_DOWN = token_error(429, "slow_down", "You are polling faster than the specified interval of 5 seconds.")
CODES = {
    "device_code": f"{SECRET}-device",
    "user_code": "QTZL-MCBW",
    "verification_uri": "https://tenant.example.com/activate",
    "verification_uri_complete": "https://tenant.example.com/activate?user_code=QTZL-MCBW",
    "expires_in": 900,
    "interval": 5,
}

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch, clock: HandClock) -> ScriptedTenant:
    text = f"AUTH0_DOMAIN=tenant.example.com\nAUTH0_AUDIENCE={AUDIENCE}\nAUTH0_CLIENT_ID=spa-client\n"
    Path(".env").write_text(text)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    tenant = ScriptedTenant(clock.wall)
    tenant.on(DEVICE, json_reply(CODES))
    return tenant


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW, short_pause=60)


def token(tenant: ScriptedTenant, clock: HandClock, *arguments: str) -> int:
    return grant_command.main(arguments, transport=httpx.ASGITransport(tenant), clock=clock)


def forms(tenant: ScriptedTenant, line: str) -> list[dict[str, str]]:
    return [dict(parse_qsl(request.body.decode())) for request in tenant.seen(line)]


def test_a_user_confirms_the_code_and_the_token_alone_is_printed(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.on(TOKEN, PENDING, SLOW_DOWN, token_reply("a.b.c"))
    assert token(tenant, clock, "--device", "--scope", "openid read:data") == 0
    output = capsys.readouterr()
    assert output.out == "a.b.c\n"
    assert "https://tenant.example.com/activate?user_code=QTZL-MCBW" in output.err
    assert "QTZL-MCBW." in output.err
    assert f"{SECRET}-device" not in output.err
    assert forms(tenant, DEVICE) == [{"client_id": "spa-client", "audience": AUDIENCE, "scope": "openid read:data"}]
    expected = {"grant_type": DEVICE_CODE, "device_code": f"{SECRET}-device", "client_id": "spa-client"}
    assert forms(tenant, TOKEN) == [expected] * 3
    assert [request.at - NOW for request in tenant.seen(TOKEN)] == [5, 10, 20]


def test_an_issuer_without_a_slash_at_its_end_is_asked_at_its_paths(
    tenant: ScriptedTenant, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_ISSUER_TRAILING_SLASH", "false")
    tenant.on(TOKEN, token_reply("a.b.c"))
    assert token(tenant, clock, "--device") == 0
    assert (tenant.count(DEVICE), tenant.count(TOKEN)) == (1, 1)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (token_error(403, "expired_token", "The code is expired."), "expired_token (The code is expired.)"),
        (
            token_error(403, "access_denied", "User cancelled the confirmation prompt"),
            "access_denied (User cancelled",
        ),
    ],
    ids=["expired", "denied"],
)
def test_a_refused_code_says_so_in_auth0s_words(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str], reply: Reply, words: str
) -> None:
    tenant.on(TOKEN, reply)
    assert token(tenant, clock, "--device") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert f"auth0-sso: no token from https://tenant.example.com/: {words}" in output.err
    assert "authorize the application" not in output.err
    assert tenant.count(TOKEN) == 1


def test_a_code_that_is_never_confirmed_ends(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.on(TOKEN, PENDING)
    assert token(tenant, clock, "--device") == 1
    assert "expired_token (the code was not confirmed in time)" in capsys.readouterr().err
    assert tenant.count(TOKEN) == 180


@pytest.mark.parametrize(
    "members",
    [{"device_code": None}, {"user_code": 1}, {"verification_uri": None, "verification_uri_complete": None}],
    ids=["device", "user", "uri"],
)
def test_an_incomplete_answer_is_refused(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str], members: dict[str, object]
) -> None:
    tenant.on(DEVICE, json_reply(CODES | members))
    assert token(tenant, clock, "--device") == 1
    assert "answer_incomplete" in capsys.readouterr().err


@pytest.mark.parametrize("interval", [None, 0, True, "5", -1])
def test_an_odd_interval_is_five_seconds(tenant: ScriptedTenant, clock: HandClock, interval: object) -> None:
    tenant.on(DEVICE, json_reply(CODES | {"interval": interval, "verification_uri_complete": None}))
    tenant.on(TOKEN, token_reply("a.b.c"))
    assert token(tenant, clock, "--device") == 0
    assert [request.at - NOW for request in tenant.seen(TOKEN)] == [5]


def test_a_machine_sends_the_secret_of_the_environment(
    tenant: ScriptedTenant, clock: HandClock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", SECRET)
    tenant.on(TOKEN, token_reply("a.b.c"))
    options = ("--client-credentials", "--client-id", "m2m", "--audience", "urn:other")
    assert token(tenant, clock, *options) == 0
    assert capsys.readouterr() == ("a.b.c\n", "")
    assert forms(tenant, TOKEN) == [
        {"client_id": "m2m", "audience": "urn:other", "grant_type": "client_credentials", "client_secret": SECRET}
    ]


def test_the_secret_may_be_in_the_env_file(tenant: ScriptedTenant, clock: HandClock) -> None:
    with Path(".env").open("a") as file:
        file.write(f"AUTH0_CLIENT_SECRET={SECRET}\n")
    tenant.on(TOKEN, token_reply("a.b.c"))
    assert token(tenant, clock, "--client-credentials") == 0
    assert forms(tenant, TOKEN)[0]["client_secret"] == SECRET


def test_a_terminal_is_asked_for_the_secret(
    tenant: ScriptedTenant, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(grant_command, "getpass", lambda *_, **__: SECRET)
    tenant.on(TOKEN, token_reply("a.b.c"))
    assert token(tenant, clock, "--client-credentials") == 0
    assert forms(tenant, TOKEN)[0]["client_secret"] == SECRET


def test_without_a_secret_nothing_is_sent(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert token(tenant, clock, "--client-credentials") == 1
    assert capsys.readouterr().err == "auth0-sso: there is no client secret: set AUTH0_CLIENT_SECRET\n"
    assert tenant.requests == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            token_error(401, "access_denied", "Unauthorized"),
            "access_denied (Unauthorized), status 401, request id 01",
        ),
        (token_error(403, "unauthorized_client", "Grant type"), "Advanced Settings > Grant Types"),
        (token_error(403, "access_denied", 'Client is not authorized to access "x".'), "; authorize the application"),
        (token_error(403, "access_denied", "Service not enabled within domain: x"), "; copy the audience"),
        (Reply(502, b"<html>"), "status_502, status 502"),
        (Reply(200, b"{"), "answer_not_json"),
        (Reply(200, b"[]"), "answer_incomplete, status 200"),
    ],
    ids=["secret", "grant-type", "no-grant", "audience", "502", "no-json", "no-object"],
)
def test_a_refusal_has_auth0s_words_and_no_secret(
    tenant: ScriptedTenant,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reply: Reply,
    words: str,
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", SECRET)
    tenant.on(TOKEN, reply)
    assert token(tenant, clock, "--client-credentials") == 1
    output = capsys.readouterr()
    assert words in output.err
    assert SECRET not in output.err + output.out


def test_without_a_client_id_it_says_where_it_comes_from(
    tenant: ScriptedTenant, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text(f"AUTH0_DOMAIN=tenant.example.com\nAUTH0_AUDIENCE={AUDIENCE}\n")
    assert token(tenant, clock, "--device") == 1
    assert "set AUTH0_CLIENT_ID, or use --client-id" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--device", "--client-credentials"])
def test_invalid_settings_exit_with_78(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli(["token", option])
    assert caught.value.code == 78
    assert "AUTH0_DOMAIN is missing" in capsys.readouterr().err


def test_both_ways_at_once_are_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli(["token", "--device", "--client-credentials"])
    assert caught.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err
