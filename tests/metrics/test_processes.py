import os
import subprocess
import sys
import time

import pytest

from auth0_sso.metrics.processes import own_pid, process_info

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


@linux_only
def test_what_is_known_of_this_process_is_plausible() -> None:
    info = process_info(own_pid())
    assert info is not None
    times = os.times()
    assert info.cpu_seconds == pytest.approx(times.user + times.system, abs=1)
    assert 10 * 1024 * 1024 < info.memory_bytes < 10 * 1024 * 1024 * 1024
    assert 3 <= info.open_fds <= info.max_fds
    assert info.started_at < time.time()


@linux_only
def test_the_start_of_a_process_is_the_time_of_day() -> None:
    before = time.time()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        info = process_info(process.pid)
        process.communicate(b"\n")
    assert info is not None
    assert before - 1 < info.started_at < time.time() + 1


def test_nothing_is_known_of_a_process_that_has_exited() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert process_info(process.pid) is None
