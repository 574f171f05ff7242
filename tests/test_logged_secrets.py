"""The watch over the log of the whole run would see a secret."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_SECRET
from auth0_sso.testing.issuer import Issuer
from support.logged_secrets import LoggedSecrets, shows_secret, watching, watching_commands
from support.process import process


def test_each_kind_of_secret_is_recognized(issuer: Issuer) -> None:
    token = issuer.token({"sub": "auth0|1"})
    assert shows_secret(f"got {token}")
    assert shows_secret(f"client_secret={MANAGEMENT_CLIENT_SECRET}")
    assert shows_secret("authorization: bearer 0123456789abcdef0123")
    assert shows_secret("-----BEGIN RSA PRIVATE KEY-----")


@pytest.mark.parametrize("text", ["Bearer realm=x", "GET /profile 401 refusal=missing_token", "a.b.c"])
def test_other_texts_are_not(text: str) -> None:
    assert not shows_secret(text)


def test_records_are_examined_with_their_tracebacks(issuer: Issuer) -> None:
    secrets = LoggedSecrets()
    secrets.examine(logging.LogRecord("x", logging.INFO, "file", 1, "%s", (issuer.token({"sub": "1"}),), None))
    try:
        int(MANAGEMENT_CLIENT_SECRET)
    except ValueError:
        secrets.examine(logging.LogRecord("x", logging.ERROR, "file", 2, "failed", (), sys.exc_info()))
    secrets.examine(logging.LogRecord("x", logging.INFO, "file", 3, "harmless", (), None))
    assert secrets.found == ["x at file:1", "x at file:2"]


def test_the_watch_sees_what_any_logger_handles() -> None:
    logger = logging.getLogger("tests.logged_secrets")
    logger.setLevel(logging.INFO)
    with watching() as secrets:
        logger.info("seen")
        logger.setLevel(logging.WARNING)
        logger.info("not made")
    logger.warning("after it")
    assert secrets.records == 1


@pytest.mark.parametrize("text", [True, False])
def test_what_a_command_writes_to_stderr_is_examined(text: bool) -> None:
    shows = [sys.executable, "-c", f"import sys; sys.stderr.write('fine\\n{MANAGEMENT_CLIENT_SECRET}')"]
    with watching_commands(), pytest.raises(AssertionError, match=r"shows a secret in lines \[2\]") as failed:
        subprocess.run(shows, check=True, capture_output=True, text=text, timeout=30)
    assert MANAGEMENT_CLIENT_SECRET not in str(failed.value)
    with watching_commands():
        subprocess.run([sys.executable, "-c", "print('x')"], check=True, timeout=30)


@pytest.mark.parametrize("named", [True, False])
def test_what_a_started_process_logs_is_examined(tmp_path: Path, named: bool) -> None:
    script = "import sys, time; sys.stderr.write('Authorization: Bearer ' + 'x' * 20); sys.stderr.flush()"
    environment = {"LOG_TO": str(tmp_path / "log")} if named else {}
    with (
        pytest.raises(AssertionError, match=r"shows a secret in lines \[1\]"),
        process(sys.executable, "-c", script, **environment) as running,
    ):
        running.wait(30)
