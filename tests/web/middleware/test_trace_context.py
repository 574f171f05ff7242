"""traceparent as W3C Trace Context section 3.2 has it."""

import pytest

from auth0_sso.web.middleware.trace_context import trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "value",
    [
        f"00-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-00",
        f"cc-{TRACE}-00f067aa0ba902b7-01-more",
    ],
)
def test_a_valid_header_gives_its_trace_id(value: str) -> None:
    assert trace_id_of(value.encode()) == TRACE


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
        f"cc-{TRACE}-00f067aa0ba902b7-01more",
        f"cc-{TRACE}-00f067aa0ba902b7-01-" + "x" * 512,
    ],
)
def test_an_invalid_header_gives_none(value: str) -> None:
    assert trace_id_of(value.encode()) is None
