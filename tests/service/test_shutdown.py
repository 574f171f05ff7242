import signal
import subprocess
import sys
import time

import pytest

WITH_SHUTDOWN = """
import signal, sys, threading, time
from auth0_sso.service.shutdown import GracefulShutdown
shutdown = GracefulShutdown(close_server=lambda: None, timeout=0.1)
shutdown.server_started()
shutdown.install()
print("installed", flush=True)
"""
FULL_PIPE = """
while True:
    sys.stderr.write("x" * 65536)
"""
LOCKED_LOG = """
import logging
logging.basicConfig()
logging.getLogger().handlers[0].acquire()
time.sleep(60)
"""
THREAD_AT_EXIT = """
shutdown.server_finished(3)
threading.Thread(target=time.sleep, args=(60,)).start()
"""


def exit_code_of(script: str, number: signal.Signals | None) -> int:
    """Run the script, send it a signal and return its exit code."""
    command = [sys.executable, "-c", WITH_SHUTDOWN + script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "installed\n"
            if number is not None:
                running.send_signal(number)
            return running.wait(10)
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("script", [FULL_PIPE, LOCKED_LOG])
def test_a_log_that_blocks_does_not_delay_the_shutdown(script: str, number: signal.Signals) -> None:
    assert exit_code_of(script, number) == 1


def test_a_thread_that_outlives_the_server_does_not_delay_the_exit() -> None:
    begun = time.monotonic()
    assert exit_code_of(THREAD_AT_EXIT, None) == 3
    assert time.monotonic() - begun < 10


def test_a_sighup_that_nohup_ignores_stays_ignored() -> None:
    script = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + WITH_SHUTDOWN
    script += "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, callable(signal.getsignal(signal.SIGTERM)))"
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert shown == "installed\nTrue True\n"
