"""The audit trail of an app: what writes its records, where they go, and what reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from auth0_sso.audit.health import AuditHealth
from auth0_sso.audit.log import AuditLog
from auth0_sso.audit.observer import AuditObserver
from auth0_sso.audit.recorder import Recorder
from auth0_sso.audit.repeats import PERIOD
from auth0_sso.audit.sinks import sinks
from auth0_sso.audit.storage import AuditTrail
from auth0_sso.audit.trail import AuditReader, AuditSink
from auth0_sso.clock import Clock


@dataclass(frozen=True, slots=True)
class RunningAudit:
    """The audit trail of a running app."""

    recorder: Recorder
    observe: AuditObserver
    reader: AuditReader | None = None
    """None where no sink can be read."""
    health: Callable[[], AuditHealth] | None = None
    """Returns how the database is, where there is one."""

    async def keep_writing_repeats(self, clock: Clock) -> NoReturn:
        """Record once in each period how often requests were refused again; for a task."""
        while True:
            await clock.sleep(PERIOD)
            self.observe.write_repeats()


def running_audit(*, sink: AuditSink | None, log: bool, clock: Clock) -> RunningAudit | None:
    """Return the audit trail that writes to all sinks that there are; None without any.

    A sink that is an `AuditReader` too is what it is read from.
    """
    chosen = [*((AuditLog(),) if log else ()), *(() if sink is None else (sink,))]
    if not chosen:
        return None
    recorder = Recorder(sinks(*chosen), clock=clock)
    return RunningAudit(recorder, AuditObserver(recorder), _reader_of(sink), _health_of(sink))


def _health_of(sink: object) -> Callable[[], AuditHealth] | None:
    return partial(getattr, sink, "health") if isinstance(sink, AuditTrail) else None


def _reader_of(sink: object) -> AuditReader | None:
    return sink if isinstance(sink, AuditReader) else None
