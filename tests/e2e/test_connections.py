"""Slow and oversized requests and idle connections, with every way to start the service and at the proxy."""

import contextlib
import re
import resource
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from support.process import COMMAND, dev, environment, eventually, free_port, process, wait_for_port
from support.redis_server import require_program

ROOT = Path(__file__).parents[2]


def serve(*options: str, before: tuple[str, ...] = (), log: Path | None = None) -> AbstractContextManager[int]:
    return started(*before, *COMMAND, "serve", *options, log=log)


@contextmanager
def started(*command: str, log: Path | None = None) -> Iterator[int]:
    """Run a command that serves at PORT until the block ends; its tenant does not respond."""
    port = free_port()
    variables = environment(free_port(), port) | ({"LOG_TO": str(log)} if log else {})
    with process(*(word.replace("PORT", str(port)) for word in command), **variables):
        eventually(f"http://127.0.0.1:{port}/healthz", 200)
        yield port


def readmes_uvicorn_line() -> AbstractContextManager[int]:
    (line,) = re.findall(r"^uvicorn .+$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return started(sys.executable, "-m", *shlex.split(line), "--port", "PORT")


@contextmanager
def one_of_dev(which: str) -> Iterator[int]:
    with dev() as running:
        yield int(getattr(running, which).rstrip("/").rpartition(":")[2])


STARTS: dict[str, Callable[[], AbstractContextManager[int]]] = {
    "serve": serve,
    "serve-with-workers": lambda: serve("--workers", "2"),
    "dev": lambda: one_of_dev("api"),
    "the-development-tenant": lambda: one_of_dev("tenant"),
    "uvicorn-as-in-the-readme": readmes_uvicorn_line,
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_endless_headers_are_refused_however_the_service_is_started(
    start: Callable[[], AbstractContextManager[int]],
) -> None:
    with start() as port, socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 200_000)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


@pytest.fixture
def many_open_files() -> Iterator[None]:
    """Let this process open a thousand sockets, which is more than the usual limit leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_open_files")
@pytest.mark.parametrize(
    ("limit", "clients"),
    [("ulimit -n 256", 300), ("export MAX_CONNECTIONS=20", 1000)],
    ids=["open-files", "setting"],
)
def test_idle_connections_over_the_limit_lock_no_client_out(tmp_path: Path, limit: str, clients: int) -> None:
    with (
        serve(before=("bash", "-c", f'{limit} && exec "$0" "$@"'), log=tmp_path / "log") as port,
        ExitStack() as stack,
    ):
        for _ in range(clients):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        log = (tmp_path / "log").read_text()
    assert "connections are open (MAX_CONNECTIONS): the longest idle ones are closed" in log
    assert "Traceback" not in log
    assert len(log.splitlines()) < 50


def test_slow_headers_time_out_at_the_proxy(tmp_path: Path) -> None:
    haproxy, port = require_program("haproxy"), free_port()
    shipped = (ROOT / "deploy" / "haproxy.cfg").read_text()
    assert shipped.count("timeout http-request 10s") == 1
    (tmp_path / "haproxy.cfg").write_text(shipped.replace("timeout http-request 10s", "timeout http-request 500ms"))
    replicas = {f"REPLICA_{number}": f"127.0.0.1:{free_port()}" for number in (1, 2)}
    with process(haproxy, "-f", str(tmp_path / "haproxy.cfg"), LISTEN=f"127.0.0.1:{port}", **replicas):
        wait_for_port(port)
        with socket.create_connection(("127.0.0.1", port), timeout=0.1) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            response, end = b"", time.monotonic() + 10
            while not response and time.monotonic() < end:
                client.sendall(b"a")
                with contextlib.suppress(TimeoutError):
                    response = client.recv(100)
    assert response.startswith(b"HTTP/1.1 408 ")
