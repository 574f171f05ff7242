"""Watches what a test run logs, here and in the processes it starts, for tokens, secrets and Authorization values."""

import logging
import re
import subprocess
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from auth0_devtenant import MACHINE_CLIENT_SECRET, MANAGEMENT_CLIENT_SECRET, WEB_CLIENT_SECRET

_SECRETS: Final = (MACHINE_CLIENT_SECRET, MANAGEMENT_CLIENT_SECRET, WEB_CLIENT_SECRET)
_TOKENS: Final = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),  # JWS compact serialization (RFC 7515): a header is JSON
    re.compile(r"\b(?:Bearer|Basic|DPoP) [\w.~+/-]{16,}", re.IGNORECASE),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
)


class LoggedSecrets:
    """Where records with a secret were logged, and the number of records seen."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.records = 0

    def examine(self, record: logging.LogRecord) -> None:
        """Note where a record shows a secret; not the secret, which would then be in the report."""
        self.records += 1
        text = record.getMessage()
        if record.exc_info:
            text += "".join(traceback.format_exception(*record.exc_info))
        if shows_secret(text + str(record.__dict__.get("fields", ""))):
            self.found.append(f"{record.name} at {record.pathname}:{record.lineno}")


def shows_secret(text: str) -> bool:
    """Return whether a text has a secret of the development tenant or the form of a token or private key."""
    return any(secret in text for secret in _SECRETS) or any(pattern.search(text) for pattern in _TOKENS)


def require_no_secret(text: str, command: Sequence[object]) -> None:
    """Fail if a process has written a secret. The report has the numbers of the lines, and not the secret."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if shows_secret(line)]
    assert not lines, f"stderr of {Path(str(command[0])).name} shows a secret in lines {lines}"


@contextmanager
def watching_commands() -> Iterator[None]:
    """Fail where a command that `subprocess.run` runs shows a secret on its stderr; where that is captured."""
    run = subprocess.run

    def examined(command: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - what subprocess.run takes
        result = run(command, *arguments, **options)
        written = result.stderr or ""
        text = written if isinstance(written, str) else written.decode("utf-8", "replace")
        require_no_secret(text, [command] if isinstance(command, str) else command)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "run", examined)
        yield


@contextmanager
def watching() -> Iterator[LoggedSecrets]:
    """Examine each record that a logger handles, whatever handlers and levels a test sets."""
    secrets, handle = LoggedSecrets(), logging.Logger.handle

    def examined(logger: logging.Logger, record: logging.LogRecord) -> None:
        secrets.examine(record)
        handle(logger, record)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "handle", examined)
        yield secrets
