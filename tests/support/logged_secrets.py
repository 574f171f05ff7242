"""Watches what a test run logs, here and in the processes it starts, for tokens, secrets and Authorization values."""

import logging
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from auth0_devtenant import MACHINE_CLIENT_SECRET, MANAGEMENT_CLIENT_SECRET, WEB_CLIENT_SECRET

DATABASE_PASSWORD: Final = "only-for-tests"
EVENTS_TOKEN: Final = "a-token-of-an-event-stream-0123456789"
LOGS_TOKEN: Final = "a-token-of-a-log-stream-0123456789-0"
MANAGEMENT_TOKEN: Final = "the-management-token"

_SECRETS: Final = (
    *(MACHINE_CLIENT_SECRET, MANAGEMENT_CLIENT_SECRET, WEB_CLIENT_SECRET),
    *(DATABASE_PASSWORD, EVENTS_TOKEN, LOGS_TOKEN, MANAGEMENT_TOKEN),
)
_FIELDS: Final = "access_token|refresh_token|id_token|client_secret|client_assertion|code_verifier"
_TOKENS: Final = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),  # JWS compact serialization (RFC 7515): a header is JSON
    re.compile(r"\b(?:Bearer|Basic|DPoP) [\w.~+/-]{16,}", re.IGNORECASE),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(rf"\b(?:{_FIELDS})[\"']?\s*[=:]\s*[\"']?[\w.~+/-]{{16,}}"),  # opaque ones have no form of their own
    re.compile(r"://[^\s/@:]*:(?!\*+@|password@)[^\s/@]+@"),  # a URL's password; hints have that word
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
    """Return whether a text has a secret that tests use, or what has the form of a token, private key or password."""
    return any(secret in text for secret in _SECRETS) or any(pattern.search(text) for pattern in _TOKENS)


def lines_with_secrets(text: str) -> list[int]:
    """Return the numbers of the lines that show a secret, for a report that does not show it again."""
    return [number for number, line in enumerate(text.splitlines(), 1) if shows_secret(line)]


def require_no_secret(text: str, command: Sequence[object], stream: str = "stderr") -> None:
    """Fail if a process has written a secret."""
    __tracebackhide__ = True  # pytest would show the arguments
    lines = lines_with_secrets(text)
    assert not lines, f"{stream} of {Path(str(command[0])).name} shows a secret in lines {lines}"


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
