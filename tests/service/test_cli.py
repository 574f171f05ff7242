import socket

import pytest

from auth0_devtenant import PEOPLE
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.cli import main
from auth0_sso.service.dev import banner
from auth0_sso.service.settings import ServiceSettings


def nobody_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("who", [["admin@example.com"], ["--machine"]])
def test_without_a_tenant_running_the_token_command_says_how_to_start_one(
    who: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *who, "--tenant", nobody_listens()]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "start one with: auth0-sso dev" in output.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["unknown"], "unknown"),
        (["token"], "--machine"),
        (["token", "a@example.com", "--machine"], "not allowed with argument"),
        (["token", "--machine", "--organization", "acme"], "--organization and --password are for a person"),
        (["token", "--machine", "--password", "x"], "--organization and --password are for a person"),
        (["dev", "--port", "http"], "argument --port: 'http' is not a whole number from 0 to 65535"),
        (["dev", "--port", "99999"], "argument --port: '99999' is not a whole number from 0 to 65535"),
        (["dev", "--port", "-1"], "argument --port: '-1' is not"),
        (["dev", "--port", "9" * 5000], "argument --port:"),
        (["dev", "--tenant-port", "65536"], "argument --tenant-port: '65536' is not"),
        (["dev", "--port", "4000", "--tenant-port", "4000"], "--port and --tenant-port must differ"),
        (["dev", "--host", "nowhere.invalid"], "argument --host: invalid choice: 'nowhere.invalid'"),
        (["dev", "--host", "192.168.0.1"], "argument --host: invalid choice: '192.168.0.1'"),
        (["dev", "--set", "RATE_LIMIT"], "'RATE_LIMIT' is not NAME=VALUE"),
        (["dev", "--set", "RATE_LIMITS=1/minute"], "'RATE_LIMITS' is not a setting of docs/settings.md"),
        (["dev", "--set", "AUTH0_DOMAIN=acme.eu.auth0.com"], "AUTH0_DOMAIN follows from the development tenant"),
        (["dev", "--set", "port=4000"], "port follows from the development tenant, --host and --port"),
        (["serve", "--workers", "0"], "argument --workers: '0' is not a whole number from 1 to 256"),
        (["serve", "--workers", "-1"], "argument --workers: '-1' is not a whole number from 1 to 256"),
        (["serve", "--workers", "257"], "argument --workers: '257' is not a whole number from 1 to 256"),
        (["serve", "--workers", "two"], "argument --workers: 'two' is not a whole number from 1 to 256"),
        *(
            (["token", "--machine", "--tenant", url], "is not a URL such as http://127.0.0.1:3001/")
            for url in (
                "nonsense",
                "",
                "127.0.0.1:3001",
                "ftp://127.0.0.1/",
                "http://",
                "http:///path",
                "http://[::1",
                "http://127.0.0.1:99999/",
                "http://127.0.0.1:x/",
                "http://127.0.0.1:3001/?a=b",
            )
        ),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_bad_usage_exits_with_2_and_says_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    errors = capsys.readouterr().err
    assert "usage:" in errors
    assert said in errors


def test_the_most_workers_of_the_option_are_the_settings_most(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"auth0_domain": "acme.eu.auth0.com", "auth0_audience": "https://api.example.com"}
    assert ServiceSettings.of(**given, workers="256").workers == 256
    with pytest.raises(ConfigurationError):
        ServiceSettings.of(**given, workers="257")


@pytest.mark.parametrize("port", ["--port", "--tenant-port"])
def test_a_port_in_use_is_named_with_the_option_that_chooses_another(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        assert main(["dev", "--port", "0", "--tenant-port", "0", port, number]) == 1
    said = f"auth0-sso: cannot listen on 127.0.0.1:{number}: Address already in use; {port} chooses another port\n"
    assert capsys.readouterr().err == said


def test_a_changed_setting_that_cannot_be_used_exits_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--port", "0", "--tenant-port", "0", "--set", "RATE_LIMIT=often"]) == 78
    output = capsys.readouterr()
    assert output.out == ""
    assert "RATE_LIMIT is no rate limit such as 10/minute" in output.err


def test_the_banner_says_what_this_is_and_who_there_is() -> None:
    text = banner("http://127.0.0.1:3001/", "http://127.0.0.1:3000")
    assert "DEVELOPMENT ONLY" in text
    for person in PEOPLE:
        assert person.email in text
        assert person.password in text
    assert "--tenant" not in text
    assert "EVERY ADDRESS" not in text
    assert "EVERY ADDRESS" in banner("http://127.0.0.1:3001/", "http://127.0.0.1:3000", everywhere=True)
    assert "--tenant http://127.0.0.1:4001/" in banner("http://127.0.0.1:4001/", "http://127.0.0.1:4000")
