"""Faults for child processes: with this directory in PYTHONPATH, Python imports this file at its start.

FAULT names one: dns (look-ups of one host hang), start and close (the service's lifespan hangs at its beginning or
end), start-c and close-c (the same in a C call that no signal interrupts), exit-N (workers exit with N).
FAULT_FILE makes it depend on whether that file exists.
"""

import asyncio
import ctypes
import os
import socket
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

FAULT = os.environ.get("FAULT", "")
HOST = "tenant.example.test"
look_up = socket.getaddrinfo


def say(what: str) -> None:
    print(f"fault: {what}", file=sys.stderr, flush=True)


def hang_in_c() -> None:
    mutex = ctypes.create_string_buffer(256)
    libc = ctypes.CDLL(None)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


async def hang() -> None:
    if FAULT.endswith("-c"):
        hang_in_c()
    await asyncio.Event().wait()


def slow_look_up(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the signature of socket.getaddrinfo
    if host in (HOST, HOST.encode()):
        say("look-up hangs")
        time.sleep(60)
    return look_up(host, *arguments, **options)


def hang_in_lifespan() -> None:
    import httpx  # noqa: PLC0415 - only where it is needed: every start of Python imports this file

    async def enter(self: httpx.AsyncClient) -> httpx.AsyncClient:
        say("start hangs")
        await hang()
        return self

    async def leave(
        self: httpx.AsyncClient,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        say("close hangs")
        await hang()

    if FAULT.startswith("start"):
        httpx.AsyncClient.__aenter__ = enter  # type: ignore[method-assign,assignment]  # makes the start hang
    else:
        httpx.AsyncClient.__aexit__ = leave  # type: ignore[method-assign,assignment]  # makes the shutdown hang


file = os.environ.get("FAULT_FILE")
if file is None or Path(file).exists():
    if FAULT == "dns":
        socket.getaddrinfo = slow_look_up
        sys.modules["uvloop"] = None  # type: ignore[assignment]  # it looks names up in C, where this fault has no effect
    elif FAULT.startswith(("start", "close")):
        hang_in_lifespan()
    elif FAULT.startswith("exit-") and any("spawn_main" in argument for argument in sys.orig_argv):
        os._exit(int(FAULT.removeprefix("exit-")))
