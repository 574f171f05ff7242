import signal
import subprocess
import sys
import time

import pytest

STOPPABLE = """
import signal, sys, threading, time
from auth0_sso.service.stopping import Stop
stop = Stop(close=lambda: None, shutdown=0.1)
stop.serving()
stop.watch()
print("watching", flush=True)
"""
LOG_NOBODY_READS = """
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
stop.finished(3)
threading.Thread(target=time.sleep, args=(60,)).start()
"""


def stopped(script: str, number: signal.Signals | None) -> int:
    """Run the script, send it a signal and return its exit code."""
    command = [sys.executable, "-c", STOPPABLE + script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "watching\n"
            if number is not None:
                running.send_signal(number)
            return running.wait(10)
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("script", [LOG_NOBODY_READS, LOCKED_LOG])
def test_a_log_that_blocks_holds_up_no_stop(script: str, number: signal.Signals) -> None:
    assert stopped(script, number) == 1


def test_what_runs_on_after_the_server_has_finished_is_ended_with_its_exit_code() -> None:
    begun = time.monotonic()
    assert stopped(THREAD_AT_EXIT, None) == 3
    assert time.monotonic() - begun < 10


def test_a_sighup_that_nohup_ignores_stays_ignored() -> None:
    script = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + STOPPABLE
    script += "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, callable(signal.getsignal(signal.SIGTERM)))"
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert shown == "watching\nTrue True\n"
