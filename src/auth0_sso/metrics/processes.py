"""CPU, memory and descriptors of processes, as the kernel counts them (proc(5)); nothing where there is no /proc.

The collector of prometheus_client knows one process only, and none where /proc/stat is hidden (systemd:
`ProcSubset=pid`).
"""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_UTIME, _STIME, _STARTTIME, _RSS = 11, 12, 19, 21
"""In /proc/PID/stat after the name of the program, which is in brackets and may have spaces."""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What is known of one process; times are in seconds."""

    cpu_seconds: float
    memory_bytes: int
    started_at: float
    open_fds: int
    max_fds: int


def own_pid() -> int:
    """Return the id of this process."""
    return os.getpid()


def process_info(pid: int) -> ProcessInfo | None:
    """Return what is known of a process of this user; None if it has exited, or if the system does not say."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        open_fds = len(os.listdir(_PROC / str(pid) / "fd"))  # noqa: PTH208 - of a thousand, Path objects take 1 ms
        ticks = os.sysconf("SC_CLK_TCK")
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)  # not btime of /proc/stat, which may be hidden
        return ProcessInfo(
            cpu_seconds=(int(fields[_UTIME]) + int(fields[_STIME])) / ticks,
            memory_bytes=int(fields[_RSS]) * resource.getpagesize(),
            started_at=round(time.time() - uptime + int(fields[_STARTTIME]) / ticks, 1),
            open_fds=open_fds,
            max_fds=_max_fds(pid),
        )
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _max_fds(pid: int) -> int:
    limits = (_PROC / str(pid) / "limits").read_text()
    return int(limits.partition("Max open files")[2].split()[0])  # the soft limit
