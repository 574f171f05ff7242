"""An audit sink that keeps its records."""

from auth0_sso import AuditRecord


class KeptRecords:
    """An `AuditSink` whose records a test reads."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def write(self, record: AuditRecord) -> None:
        self.records.append(record)

    @property
    def actions(self) -> list[str]:
        return [record.action for record in self.records]

    def only(self) -> AuditRecord:
        """Return the one record that there is."""
        [record] = self.records
        return record
