"""What a WebSocket is closed with for an error."""

from typing import ClassVar

import pytest

from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    ManagementRefusedError,
    MissingTokenError,
    RateLimitedError,
    ShuttingDownError,
)
from auth0_sso.web.websockets.refusals import close_of, takes_response


class LongCodeError(CallerError):
    code: ClassVar[str] = "x" + "é" * 100


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MissingTokenError("-"), 1008),
        (RateLimitedError(retry_after=1), 1008),
        (ShuttingDownError(), 1013),
        (ManagementRefusedError("-"), 1011),
        (Auth0SsoError("-"), 1011),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_fault_decides_the_close_code(error: Auth0SsoError, code: int) -> None:
    assert close_of(error) == (code, error.code)


def test_a_long_code_is_cut_to_what_a_close_frame_takes() -> None:
    reason = close_of(LongCodeError("-")).reason
    assert reason == "x" + "é" * 61
    assert len(reason.encode()) == 123


@pytest.mark.parametrize(
    ("scope", "takes"),
    [
        ({}, False),
        ({"extensions": None}, False),
        ({"extensions": {"tls": {}}}, False),
        ({"extensions": {"websocket.http.response": {}}}, True),
    ],
)
def test_a_handshake_is_answered_where_the_server_can(scope: dict[str, object], *, takes: bool) -> None:
    assert takes_response(scope) is takes
