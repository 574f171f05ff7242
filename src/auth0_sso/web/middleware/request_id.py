"""The id of a request, for its log records and the X-Request-ID header: the caller's, or a new one."""

import os
from contextvars import ContextVar
from secrets import token_hex
from typing import Final

request_id_variable: ContextVar[str] = ContextVar("auth0_sso_request_id", default="-")
"""The id of the request being served, for its log records."""

_MAX_LENGTH: Final = 64
_HEX_DIGITS: Final = 32
_AT_ONCE: Final = 256

_new_ids: list[str] = []
# Two processes must not answer with the same ids.
os.register_at_fork(after_in_child=_new_ids.clear)


def new_request_id() -> str:
    """Return 128 random bits in hexadecimal. Random bytes are read for 256 ids at once: that is a system call."""
    while True:
        try:
            return _new_ids.pop()
        except IndexError:
            digits = token_hex(_AT_ONCE * _HEX_DIGITS // 2)
            _new_ids.extend(digits[start : start + _HEX_DIGITS] for start in range(0, len(digits), _HEX_DIGITS))


def acceptable_id(value: bytes | None) -> str | None:
    """Return a caller's request id when it can go into logs and headers as it is."""
    if value is None or not 0 < len(value) <= _MAX_LENGTH or not value.isascii():
        return None
    text = value.decode("ascii")
    return text if text.replace("-", "").replace("_", "").replace(".", "").isalnum() else None
