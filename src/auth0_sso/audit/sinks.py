"""Several sinks as one."""

from auth0_sso.audit.record import AuditRecord
from auth0_sso.audit.trail import AuditSink


def sinks(*each: AuditSink) -> AuditSink:
    """Return one sink that writes to each in turn."""
    return each[0] if len(each) == 1 else _Sinks(each)


class _Sinks:
    def __init__(self, each: tuple[AuditSink, ...]) -> None:
        self._each = each

    def write(self, record: AuditRecord) -> None:
        """Write a record to each."""
        for sink in self._each:
            sink.write(record)
