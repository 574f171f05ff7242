"""A real Redis of a test's own: started on a free port, stopped, frozen and started again at will."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest

from support.certificates import Certificate
from support.process import free_port, wait_for_port

_PATIENCE = 15.0
_AGE = """
for _, key in ipairs(redis.call('keys', '*')) do
    local left = redis.call('pttl', key) - ARGV[1] * 1000
    if redis.call('type', key).ok == 'list' then
        for i, hit in ipairs(redis.call('lrange', key, 0, -1)) do
            redis.call('lset', key, i - 1, string.format('%.17g', hit - ARGV[1]))
        end
    end
    redis.call('pexpire', key, left)
end
"""


def require_program(name: str) -> str:
    """Return a program's path; skip the test where it is not installed, except in CI, which skips nothing."""
    path = shutil.which(name)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed")
    assert path is not None, f"{name} is not installed"
    return path


class RedisServer:
    """One server without persistence: what it knew, a restart forgets. With a certificate it takes TLS only."""

    def __init__(self, *options: str, port: int | None = None, tls: Certificate | None = None) -> None:
        self.port = free_port() if port is None else port
        self._tls = tls
        without_files = () if "--sentinel" in options else ("--save", "", "--appendonly", "no")
        # A configuration file, where there is one, comes first.
        self._command = [require_program("redis-server"), *options, *self._listening(), *without_files]
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self.start()

    def _listening(self) -> list[str]:
        if self._tls is None:
            return ["--port", str(self.port)]
        authority, own = str(self._tls.certificate), str(self._tls.key)
        files = ["--tls-cert-file", authority, "--tls-key-file", own, "--tls-ca-cert-file", authority]
        others = ["--tls-auth-clients", "no", "--tls-replication", "yes"]
        return ["--port", "0", "--tls-port", str(self.port), *files, *others]

    @property
    def url(self) -> str:
        return f"redis{'s' * (self._tls is not None)}://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._folder = TemporaryDirectory()  # where a replica writes what it receives
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, cwd=self._folder.name)
        wait_for_port(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def freeze(self) -> None:
        """Let it hang: connections are accepted by the kernel, and nothing is ever answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def age(self, seconds: int) -> None:
        """Move what Redis knows into the past, as its own clock cannot be moved: times in lists, and expirations."""
        self.cli("eval", _AGE, "0", str(seconds))

    def cli(self, *words: str) -> str:
        """Run a command of redis-cli and return what it prints."""
        tls = [] if self._tls is None else ["--tls", "--cacert", str(self._tls.certificate)]
        command = [require_program("redis-cli"), "-p", str(self.port), *tls, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE).stdout


@contextmanager
def redis_server(*options: str, tls: Certificate | None = None) -> Iterator[RedisServer]:
    server = RedisServer(*options, tls=tls)
    try:
        yield server
    finally:
        server.stop()
