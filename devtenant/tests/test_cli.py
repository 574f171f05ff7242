"""The command `auth0-devtenant`, as it is started in a shell."""

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from auth0_devtenant import PEOPLE, SPA_CLIENT_ID, Person, token_command
from auth0_devtenant.cli import main
from auth0_devtenant.seed import ORGANIZATIONS

from .command import COMMAND, TIMEOUT, Served, served
from .visitor import ADMIN, USER, segments

API = "https://orders.example.com"
ORIGIN = "http://localhost:5173"
UNREACHABLE = "http://127.0.0.1:9"
PROXIES = {f"{scheme}_PROXY": UNREACHABLE for scheme in ("HTTP", "HTTPS", "ALL")} | {"NO_PROXY": ""}


@pytest.fixture(scope="module")
def tenant() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def customized() -> Iterator[Served]:
    options = ("--audience", API, "--web-origin", f"{ORIGIN}/", "--token-lifetime", "60")
    urls = ("--callback-url", "com.example.app://callback", "--logout-url", "http://localhost:5173/bye")
    with served(*options, *urls, "--token-dialect", "rfc9068_profile", WEB_CONCURRENCY="many") as running:
        yield running


def claims_of(output: str) -> dict[str, object]:
    (token,) = output.splitlines()
    return segments(token)[1]


def unused_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["unknown"], "unknown"),
        (["serve", "--port", "http"], "argument --port: 'http' is not a whole number from 0 to 65535"),
        (["serve", "--port", "65536"], "argument --port: '65536' is not a whole number from 0 to 65535"),
        (["serve", "--port", "9" * 5000], "argument --port:"),
        (["serve", "--token-lifetime", "0"], "'0' is not a whole number from 1 to 2592000"),
        (["serve", "--token-dialect", "opaque"], "argument --token-dialect: invalid choice: 'opaque'"),
        (["serve", "--web-origin", "localhost:5173"], "'localhost:5173' is not an origin such as"),
        (["serve", "--web-origin", "http://localhost:5173/app"], "is not an origin such as http://localhost:5173"),
        (["serve", "--web-origin", "*"], "'*' is not an origin"),
        (["serve", "--callback-url", "/callback"], "'/callback' is not a URL such as"),
        (["serve", "--logout-url", ""], "'' is not a URL such as"),
        (["serve", "--issuer", "tenant.example.com"], "is not a URL such as http://127.0.0.1:3001/"),
        (["token"], "--machine"),
        (["token", ADMIN.email, "--machine"], "not allowed with argument"),
        (["token", "--machine", "--organization", "acme"], "--organization and --password are for a person"),
        (["token", "--machine", "--password", "x"], "--organization and --password are for a person"),
        *(
            (["token", "--machine", "--tenant", url], "is not a URL such as http://127.0.0.1:3001/")
            for url in ("", "127.0.0.1:3001", "ftp://127.0.0.1/", "http://", "http://[::1", "http://127.0.0.1:99999/")
        ),
        (["token", "--machine", "--tenant", "http://127.0.0.1:0/"], "is not a URL"),
        (["token", "--machine", "--tenant", "http://127.0.0.1:3001/?a=b"], "is not a URL"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_invalid_arguments_exit_with_2_and_say_what_is_wrong(
    arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    errors = capsys.readouterr().err
    assert "usage: auth0-devtenant" in errors
    assert error in errors


def test_the_banner_shows_people_clients_issuer_and_audience(tenant: Served) -> None:
    assert "DEVELOPMENT ONLY" in tenant.banner
    for person in PEOPLE:
        assert person.email in tenant.banner
        assert person.password in tenant.banner
    assert SPA_CLIENT_ID in tenant.banner
    assert "https://api.example.com" in tenant.banner
    assert f"token --machine --tenant {tenant.issuer}\n" in tenant.banner
    assert "EVERY ADDRESS" not in tenant.banner


def test_the_metadata_names_the_issuer_of_the_banner(tenant: Served) -> None:
    metadata = httpx.get(f"{tenant.issuer}.well-known/openid-configuration").json()
    assert metadata["issuer"] == tenant.issuer


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.email)
def test_each_person_gets_a_token(tenant: Served, person: Person, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", person.email, "--tenant", tenant.issuer.removesuffix("/")]) == 0
    assert claims_of(capsys.readouterr().out)["sub"] == person.user_id


def test_a_machine_gets_a_token(tenant: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--machine", "--tenant", tenant.issuer]) == 0
    assert claims_of(capsys.readouterr().out)["gty"] == "client-credentials"


def test_a_member_gets_a_token_of_the_organization(tenant: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", USER.email, "--organization", "acme", "--tenant", tenant.issuer]) == 0
    assert claims_of(capsys.readouterr().out)["org_id"] == ORGANIZATIONS[0].id


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([ADMIN.email, "--password", "wrong"], "wrong email or password"),
        (["unknown@example.com"], "wrong email or password"),
        ([ADMIN.email, "--organization", "acme"], "is not part of the acme organization"),
        ([ADMIN.email, "--audience", API], f"Service not found: {API}"),
        (["--machine", "--audience", API], f"Service not enabled within domain: {API}"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_refused_token_exits_with_1_and_says_why(
    tenant: Served, arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *arguments, "--tenant", tenant.issuer]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("auth0-devtenant: ")
    assert error in output.err


@pytest.mark.parametrize("who", [ADMIN.email, "--machine"])
def test_without_a_tenant_the_token_command_says_how_to_start_one(
    who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", who, "--tenant", unused_address()]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "start one with: auth0-devtenant serve" in output.err


def test_the_token_command_serves_a_program_of_another_name(
    tenant: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> int:
        return token_command.main(arguments, prog="another", start_with="another start")

    assert run("--machine", "--tenant", tenant.issuer) == 0
    assert claims_of(capsys.readouterr().out)["gty"] == "client-credentials"
    assert run("--machine", "--tenant", unused_address()) == 1
    error = capsys.readouterr().err
    assert error.startswith("another: ")
    assert error.endswith("start one with: another start\n")
    with pytest.raises(SystemExit):
        run()
    assert capsys.readouterr().err.startswith("usage: another token [-h]")


def test_a_port_in_use_is_an_error_that_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        number = str(used.getsockname()[1])
        assert main(["serve", "--port", number]) == 1
    error = f"cannot listen on 127.0.0.1:{number}: Address already in use; --port chooses another port"
    assert capsys.readouterr().err == f"auth0-devtenant: {error}\n"


def test_audience_lifetime_and_dialect_shape_the_tokens(
    customized: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"token --machine --tenant {customized.issuer} --audience {API}\n" in customized.banner
    for who in (ADMIN.email, "--machine"):
        assert main(["token", who, "--tenant", customized.issuer, "--audience", API]) == 0
        (token,) = capsys.readouterr().out.splitlines()
        header, claims = segments(token)
        assert header["typ"] == "at+jwt"
        assert claims["exp"] - claims["iat"] == 60
        assert API in claims["aud"]


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        (f"{ORIGIN}/callback", 302),
        (ORIGIN, 302),
        ("com.example.app://callback", 302),
        ("http://localhost:3000/callback", 400),
    ],
)
def test_logins_return_to_the_origins_and_urls_of_the_options(customized: Served, uri: str, status: int) -> None:
    query = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": uri,
        "code_challenge": "0" * 43,
        "code_challenge_method": "S256",
    }
    assert httpx.get(f"{customized.issuer}authorize", params=query).status_code == status


@pytest.mark.parametrize(
    ("url", "status"), [(f"{ORIGIN}/", 302), (f"{ORIGIN}/bye", 302), ("http://localhost:3000/", 400)]
)
def test_logouts_return_to_the_origins_and_urls_of_the_options(customized: Served, url: str, status: int) -> None:
    assert httpx.get(f"{customized.issuer}v2/logout", params={"returnTo": url}).status_code == status


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("http://localhost:3000", None)])
def test_only_pages_of_the_web_origins_may_request_tokens(
    customized: Served, origin: str, allowed: str | None
) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = httpx.options(f"{customized.issuer}oauth/token", headers=headers)
    assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_on_every_address_the_banner_warns_and_the_issuer_is_loopback() -> None:
    with served("--host", "0.0.0.0") as running:  # noqa: S104 - what is tested
        assert "EVERY ADDRESS" in running.banner
        assert running.issuer.startswith("http://127.0.0.1:")
        assert httpx.get(f"{running.issuer}.well-known/jwks.json").status_code == 200


def test_the_issuer_can_be_another_name_than_the_address() -> None:
    with served("--issuer", "http://tenant.example.com:3001") as running:
        assert running.issuer == "http://tenant.example.com:3001/"
        (address,) = re.findall(r"Address +(\S+)", running.banner)
        headers = {"Host": "tenant.example.com:3001"}
        assert httpx.get(f"{address}.well-known/jwks.json", headers=headers).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_tenant_which_logged_its_requests(number: signal.Signals) -> None:
    with served("--host", "localhost") as running:
        assert running.issuer.startswith("http://localhost:")
        assert httpx.get(f"{running.issuer}.well-known/jwks.json").status_code == 200
        code, log = running.stop(number)
        assert code == 0
        assert re.fullmatch(r"\d\d:\d\d:\d\d GET '/\.well-known/jwks\.json' 200 \d+ ms\n", log)


def test_a_request_that_hangs_does_not_keep_the_tenant_running() -> None:
    with served() as running, httpx.Client(base_url=running.issuer, timeout=TIMEOUT) as client:
        client.post("_development/faults", json={"path": "/.well-known/", "hang": True})

        def hang() -> None:
            with suppress(httpx.TransportError):
                httpx.get(f"{running.issuer}.well-known/jwks.json", timeout=TIMEOUT)

        thread = threading.Thread(target=hang)
        thread.start()
        while not client.get("_development/requests").json():
            pass
        code, _ = running.stop(signal.SIGTERM)
        thread.join(TIMEOUT)
        assert (code, thread.is_alive()) == (0, False)


def test_a_proxy_of_the_environment_is_not_used(tenant: Served) -> None:
    command = [*COMMAND, "token", ADMIN.email, "--tenant", tenant.issuer]
    environment = os.environ | PROXIES | {name.lower(): value for name, value in PROXIES.items()}
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT, env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert claims_of(result.stdout)["sub"] == ADMIN.user_id


@pytest.mark.parametrize("command", ["serve", "token"])
def test_a_closed_pipe_ends_the_command_by_sigpipe(tenant: Served, command: str) -> None:
    options = ("--port", "0") if command == "serve" else ("--machine", "--tenant", tenant.issuer)
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*COMMAND, command, *options], check=False, stdout=writing, stderr=subprocess.PIPE, timeout=TIMEOUT
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, b"")


def test_an_interrupted_token_command_exits_with_130_and_prints_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [*COMMAND, "token", "--machine", "--tenant", f"http://127.0.0.1:{silent.getsockname()[1]}/"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()  # now it waits for the response
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT)
            connection.close()
    assert (process.returncode, errors) == (130, "")
