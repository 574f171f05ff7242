import socket

import pytest

from auth0_sso.cli import main
from auth0_sso.dev import banner
from auth0_sso.devtenant import PEOPLE


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
    "arguments",
    [[], ["unknown"], ["token"], ["token", "a@example.com", "--machine"], ["dev", "--port", "http"]],
    ids=" ".join,
)
def test_bad_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_banner_says_what_this_is_and_who_there_is() -> None:
    text = banner("http://127.0.0.1:3001/", "http://127.0.0.1:3000")
    assert "DEVELOPMENT ONLY" in text
    for person in PEOPLE:
        assert person.email in text
        assert person.password in text
    assert "--tenant" not in text
    assert "--tenant http://127.0.0.1:4001/" in banner("http://127.0.0.1:4001/", "http://127.0.0.1:4000")
