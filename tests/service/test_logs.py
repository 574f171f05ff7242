import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest

from auth0_sso.service.logs import configure_logs
from auth0_sso.web.middleware.request_id import request_id_variable

pytestmark = pytest.mark.usefixtures("logging_restored")

SERVING = """
import logging, os, signal, sys, time
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.shutdown import GracefulShutdown
configure_logs("INFO", "console")
shutdown = GracefulShutdown(close_server=lambda: None, timeout=0.1)
shutdown.server_started()
log = logging.getLogger("auth0_sso.access")
"""
LOG_A_THOUSAND = "for number in range(1000): log.info('line %d', number)\n"
SAYING = """
import logging, sys
from auth0_sso.service.logs import configure_logs
configure_logs("INFO", sys.argv[1])
logging.getLogger("tests").warning("said")
logging.shutdown()
"""
SERVE_A_THOUSAND = """
from auth0_sso.web.middleware.access_log import log_access
from auth0_sso.web.middleware.http_options import HttpOptions
for number in range(1000):
    scope = {"type": "http", "method": "GET", "path": f"/{number}"}
    log_access(scope, 200, 0.001, refusal=None, token=None, options=HttpOptions())
"""
ENDINGS = {
    "returns": ("", 0),
    "exits": ("sys.exit(3)", 3),
    "raises": ("raise ValueError('in the main thread')", 1),
    "exits-by-a-signal": ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); os.kill(os.getpid(), 15)", 0),
    "hangs-in-its-shutdown": ("shutdown.install(); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", 1),
    "exits-at-the-second-sigint": (
        "shutdown.install()\nfor _ in range(2): os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)",
        1,
    ),
}


def on_a_terminal(log_format: str, no_colour: str) -> str:
    """Return the line that a process with this format writes to a terminal."""
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "NO_COLOR": no_colour}
    try:
        subprocess.run(
            [sys.executable, "-c", SAYING, log_format], stderr=end, check=True, timeout=30, env=environment
        )
        return os.read(terminal, 4096).decode().rstrip("\r\n")
    finally:
        os.close(terminal)
        os.close(end)


def test_a_record_carries_the_request_id_and_httpx_urls_stay_out(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "console")
    token = request_id_variable.set("trace-1")
    logging.getLogger("auth0_sso.tenant").info("keys fetched")
    for name in ("httpx", "httpx2"):
        logging.getLogger(name).info("HTTP Request: GET https://tenant/?secret=1")
    for name in ("httpcore.http11", "httpcore2.http11"):
        logging.getLogger(name).info("headers")
    logging.getLogger("auth0_sso").debug("too fine")
    request_id_variable.reset(token)
    logging.getLogger().handlers[0].flush()
    (line,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z INFO auth0_sso\.tenant \[trace-1\] keys fetched", line)


def test_an_exception_is_logged_with_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "console")
    try:
        int("no number")
    except ValueError:
        logging.getLogger("auth0_sso").exception("failed")
    logging.getLogger().handlers[0].flush()
    first, *traceback = capfd.readouterr().err.splitlines()
    assert first.endswith("ERROR auth0_sso [-] failed")
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ValueError: invalid literal for int() with base 10: 'no number'"


def test_stderr_in_memory_gets_the_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "console")
    logging.getLogger("auth0_sso").info("in memory")
    assert capsys.readouterr().err.endswith("INFO auth0_sso [-] in memory\n")


@pytest.mark.parametrize(("ending", "code"), ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("logging_a_thousand", [LOG_A_THOUSAND, SERVE_A_THOUSAND], ids=["others", "access-lines"])
def test_no_line_is_lost_however_the_process_exits(logging_a_thousand: str, ending: str, code: int) -> None:
    command = [sys.executable, "-c", SERVING + logging_a_thousand + ending]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    numbers = re.findall(r"\[-\] (?:line |GET /)(\d+)(?: 200 .*)?$", ended.stderr, re.MULTILINE)
    assert numbers == [str(number) for number in range(1000)]
    assert ended.returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stderr_nobody_reads_stops_neither_requests_nor_the_shutdown(number: signal.Signals) -> None:
    script = SERVING + "shutdown.install()\n" + LOG_A_THOUSAND * 100 + "print('served', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        hanging = threading.Timer(20, running.kill)
        hanging.start()
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "served\n"
            running.send_signal(number)
            assert running.wait() == 1
        finally:
            hanging.cancel()
            running.kill()


def test_a_process_without_stderr_runs() -> None:
    script = SERVING + LOG_A_THOUSAND + "print(sys.stderr)"
    shell = f'exec "{sys.executable}" -c "$1" 2>&-'
    command = ["sh", "-c", shell, "sh", script]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=30)
    assert (ended.stdout, ended.returncode) == ("None\n", 0)


@pytest.mark.parametrize(
    ("log_format", "no_colour", "expected"),
    [
        ("auto", "", r"[\d-]{10}T[\d:.]{12}Z \x1b\[33mWARNING\x1b\[0m tests \[-\] said"),
        ("auto", "1", r"[\d-]{10}T[\d:.]{12}Z WARNING tests \[-\] said"),
        ("json", "", r'\{"time":".*"message":"said".*\}'),
    ],
)
def test_on_a_terminal_auto_is_the_console_format(log_format: str, no_colour: str, expected: str) -> None:
    assert re.fullmatch(expected, on_a_terminal(log_format, no_colour))


def test_without_a_terminal_auto_is_json() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SAYING, "auto"], capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(ended.stderr)["message"] == "said"
