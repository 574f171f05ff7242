"""Which spans are made now: those of the service, those of a host app that traces, or none.

OpenTelemetry is not imported here, since that takes 40 ms. An app that traces has imported it.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auth0_sso.tracing.spans import Spans

spans_variable: ContextVar["Spans | None"] = ContextVar("auth0_sso_spans", default=None)
"""What the service makes its spans with, in its requests and background tasks."""

_API: Final = "opentelemetry.trace"
_NO_SPAN: Final = nullcontext()


def current_spans() -> "Spans | None":
    """Return what makes spans; None where nothing is traced."""
    spans = spans_variable.get()
    if spans is not None or _API not in sys.modules:
        return spans
    from auth0_sso.tracing.spans import spans_of_host_app  # noqa: PLC0415 - opentelemetry is optional

    return spans_of_host_app()


def inner_spans() -> "Spans | None":
    """Return what makes spans inside of a trace that is recorded; None outside of one, in less than a microsecond."""
    api = sys.modules.get(_API)
    return current_spans() if api is not None and api.get_current_span().is_recording() else None


def part(name: str) -> AbstractContextManager[None]:
    """Return what makes a span of a block, inside of a trace."""
    spans = inner_spans()
    return _NO_SPAN if spans is None else spans.part(name)


def root_part(name: str) -> AbstractContextManager[None]:
    """Return what makes a span of a block, which begins a trace where there is none."""
    spans = current_spans()
    return _NO_SPAN if spans is None else spans.part(name)
