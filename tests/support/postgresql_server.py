"""A real PostgreSQL of a test run's own: a database for each test; killed, frozen and started again at will."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest

from support.logged_secrets import DATABASE_PASSWORD
from support.process import free_port

T = TypeVar("T")

_PATIENCE = 30.0
_DEBIAN = Path("/usr/lib/postgresql")
# A test kills processes and never the machine: the kernel keeps what they wrote.
_OPTIONS = ("fsync=off", "full_page_writes=off", "max_connections=40", "log_min_messages=fatal")


def _program(name: str) -> str:
    """Return a program's path; skip the test where it is not installed, except in CI, which skips nothing."""
    found = [shutil.which(name), *map(str, sorted(_DEBIAN.glob(f"*/bin/{name}"), reverse=True))]
    path = next((each for each in found if each), None)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed")
    assert path is not None, f"{name} is not installed"
    return path


class PostgresServer:
    """One server. PostgreSQL refuses to run as root, so root starts it as the user that Debian's package has."""

    def __init__(self) -> None:
        initdb = _program("initdb")
        self.port = free_port()
        self._user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._folder = Path(mkdtemp(prefix="postgresql-"))
        self._process: subprocess.Popen[bytes] | None = None
        password = self._folder / "password"
        password.write_text(DATABASE_PASSWORD)
        if self._user is not None:
            for path in (self._folder, password):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [initdb, "-D", str(self._folder / "data"), "-U", "auditor", *options]
        self._start(command).wait(_PATIENCE)
        self.start()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        uid, gid = (self._user.pw_uid, self._user.pw_gid) if self._user else (None, None)
        groups: list[int] | None = [] if self._user else None
        return subprocess.Popen(
            command,
            user=uid,
            group=gid,
            extra_groups=groups,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )

    def url(self, database: str = "postgres", *, user: str = "auditor", password: str = DATABASE_PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        assert self._process is None
        options = [word for option in _OPTIONS for word in ("-c", option)]
        listening = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port), "-k", str(self._folder)]
        self._process = self._start([_program("postgres"), "-D", str(self._folder / "data"), *listening, *options])
        _run(self._until_ready())

    async def _until_ready(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    connection = await asyncpg.connect(self.url())
                except (OSError, asyncpg.CannotConnectNowError):
                    await asyncio.sleep(0.02)
                else:
                    await connection.close()
                    return

    def kill(self) -> None:
        """Kill all its processes: nothing is shut down."""
        if self._process is not None:
            self.freeze()  # else it could start another process after those that are looked up
            self._signal(signal.SIGKILL)
            self._process.wait(_PATIENCE)
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections are accepted by the kernel, and nothing is ever answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        """Signal the server and its processes, each of which is a session and so a group of its own."""
        assert self._process is not None
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def execute(self, statement: str, database: str = "postgres") -> list[asyncpg.Record]:
        """Run SQL as the owner of the server, and return its rows."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return _run(run())

    def create_database(self) -> str:
        name = f"audit_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)


def _run(work: Coroutine[object, object, T]) -> T:
    """Run it in a thread: the caller's may have an event loop, whose fixtures cannot wait."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _children(pid: int) -> list[int]:
    """Return the processes that a process started; the fields of /proc/*/stat after the name begin with the state."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found


@contextmanager
def postgresql_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        yield server
    finally:
        server.remove()
