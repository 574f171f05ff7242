"""Watches what the processes that tests start write to pipes: a token or a secret in it fails the test."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

import pytest

from support.logged_secrets import require_no_secret

PRINTS_TOKENS: Final = {
    "token": "`auth0-sso token` prints an access token: it is what it is for",
    "exec": "`auth0-devtenant exec` runs what a test gives it, such as a command that prints a token",
    "bash": "the commands of a README print tokens, for a reader to see",
    "node": "its programs hand the tokens that Auth0's SDKs get to the tests, as JSON",
}
"""Words of commands whose stdout is not examined, each with the reason; their stderr is."""

_Process = subprocess.Popen[Any]


@contextmanager
def watching_processes() -> Iterator[None]:
    """Examine what is read by `subprocess.run` and `Popen.communicate`, and what is left in stderr at a block's end.

    A process that inherits stderr writes into pytest's capture, whose text tests/conftest.py examines.
    """
    communicate, leave = subprocess.Popen.communicate, subprocess.Popen.__exit__

    def communicate_examined(process: _Process, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as it is
        output, errors = communicate(process, *arguments, **options)
        _require_none(process, output, errors)
        return output, errors

    def leave_examined(process: _Process, *exception: Any) -> None:  # noqa: ANN401 - as it is
        unread = _unread(process.stderr)
        leave(process, *exception)
        _require_none(process, None, unread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "communicate", communicate_examined)
        patch.setattr(subprocess.Popen, "__exit__", leave_examined)
        yield


def _require_none(process: _Process, output: str | bytes | None, errors: str | bytes | None) -> None:
    __tracebackhide__ = True  # pytest would show the arguments
    command = _words(process)
    require_no_secret(_text(errors), command)
    if not PRINTS_TOKENS.keys() & {*command}:
        require_no_secret(_text(output), command, "stdout")


def _words(process: _Process) -> Sequence[str]:
    command = process.args
    return [str(command)] if isinstance(command, str | bytes | os.PathLike) else [str(word) for word in command]


def _text(written: str | bytes | None) -> str:
    return written.decode("utf-8", "replace") if isinstance(written, bytes) else written or ""


def _unread(pipe: IO[Any] | None) -> bytes:
    """Return what a pipe has at this moment; the process may go on to write."""
    if pipe is None or pipe.closed:
        return b""
    os.set_blocking(pipe.fileno(), False)
    written = b""
    with suppress(BlockingIOError):
        while part := os.read(pipe.fileno(), 65536):
            written += part
    return written
