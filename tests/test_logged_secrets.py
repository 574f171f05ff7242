"""The watch over the log of the whole run would see a secret."""

import logging
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_SECRET
from auth0_sso.testing.issuer import Issuer
from support.logged_secrets import (
    DATABASE_PASSWORD,
    EVENTS_TOKEN,
    MANAGEMENT_TOKEN,
    LoggedSecrets,
    shows_secret,
    watching,
)
from support.process import process


def test_each_kind_of_secret_is_recognized(issuer: Issuer) -> None:
    token = issuer.token({"sub": "auth0|1"})
    assert shows_secret(f"got {token}")
    assert shows_secret(f"client_secret={MANAGEMENT_CLIENT_SECRET}")
    assert shows_secret("authorization: bearer 0123456789abcdef0123")
    assert shows_secret("-----BEGIN RSA PRIVATE KEY-----")
    assert shows_secret(f"refresh_token={'r' * 43}")
    assert shows_secret(str({"refresh_token": "r" * 43}))
    assert shows_secret("cannot reach redis://:word@127.0.0.1:6379/0")
    assert all(shows_secret(f"got {secret}") for secret in (DATABASE_PASSWORD, EVENTS_TOKEN, MANAGEMENT_TOKEN))


@pytest.mark.parametrize(
    "text",
    [
        "Bearer realm=x",
        "GET /profile 401 refusal=missing_token",
        "a.b.c",
        "grant_type=refresh_token",
        "cannot reach redis://:***@127.0.0.1:6379/0",
        "such as redis://user:password@host:6379/0",
        "http://127.0.0.1:8000/a?b=c:d@e",
    ],
)
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
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_a_command_writes_to_a_pipe_is_examined(text: bool, stream: str) -> None:
    shows = [sys.executable, "-c", f"import sys; sys.{stream}.write('fine\\n{MANAGEMENT_CLIENT_SECRET}')"]
    with pytest.raises(AssertionError, match=rf"{stream} of \S+ shows a secret in lines \[2\]") as failed:
        subprocess.run(shows, check=True, capture_output=True, text=text, timeout=30)
    assert MANAGEMENT_CLIENT_SECRET not in str(failed.value)
    subprocess.run([sys.executable, "-c", "print('x')"], check=True, timeout=30)


def test_what_a_process_leaves_in_its_pipe_is_examined() -> None:
    script = f"import sys; print('{MANAGEMENT_TOKEN}', file=sys.stderr, flush=True); print('shown', flush=True)"
    shows = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert shows.stdout is not None
    assert shows.stdout.readline() == "shown\n"
    with pytest.raises(AssertionError, match=r"stderr of \S+ shows a secret in lines \[1\]"), shows:
        pass


@pytest.mark.parametrize(("stream", "allowed"), [("stdout", True), ("stderr", False)])
def test_only_the_stdout_of_the_command_token_may_have_a_token(stream: str, allowed: bool) -> None:
    script = f"import sys; print('{MANAGEMENT_TOKEN}', file=sys.{stream})"
    with nullcontext() if allowed else pytest.raises(AssertionError, match=stream):
        subprocess.run([sys.executable, "-c", script, "token"], check=True, capture_output=True, timeout=30)


def test_a_run_whose_child_logs_a_token_fails(pytester: pytest.Pytester) -> None:
    """Of the watch itself: a run of its own with the conftest of this one."""
    pytester.makepyfile(
        test_children=f"""
        import logging, subprocess, sys

        logging.getLogger("imported").warning("{EVENTS_TOKEN}")
        SHOWS = [sys.executable, "-c", "import sys; sys.stderr.write('{MANAGEMENT_TOKEN}')"]

        def test_captured():
            subprocess.run(SHOWS, capture_output=True)

        def test_inherited():
            subprocess.Popen(SHOWS).wait()

        def test_harmless():
            subprocess.run([sys.executable, "-c", "print('fine')"], check=True)
        """
    )
    variables = os.environ | {
        "COLUMNS": "300",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-q", "-rfE", "--tb=no"]
    command = [sys.executable, "-m", "pytest", *options]
    ended = subprocess.run(command, cwd=pytester.path, env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert re.findall(r"^((?:FAILED|ERROR) .+) - (.+)", ended.stdout, re.MULTILINE) == [
        (
            "FAILED test_children.py::test_captured",
            f"AssertionError: stderr of {Path(sys.executable).name} shows a secret in lines [1]",
        ),
        ("FAILED test_children.py::test_inherited", "captured stderr shows a secret in lines [1]"),
        ("ERROR test_children.py::test_harmless", f"AssertionError: imported at {pytester.path}/test_children.py:3"),
    ]
    assert "2 failed, 1 passed, 1 error" in ended.stdout


@pytest.mark.parametrize("named", [True, False])
def test_what_a_started_process_logs_is_examined(tmp_path: Path, named: bool) -> None:
    script = "import sys, time; sys.stderr.write('Authorization: Bearer ' + 'x' * 20); sys.stderr.flush()"
    environment = {"LOG_TO": str(tmp_path / "log")} if named else {}
    with (
        pytest.raises(AssertionError, match=r"shows a secret in lines \[1\]"),
        process(sys.executable, "-c", script, **environment) as running,
    ):
        running.wait(30)
