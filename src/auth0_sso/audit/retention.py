"""Deleting old audit records, if an operator says after how many days."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from auth0_sso.clock import Clock

_log = logging.getLogger(__name__)

_FIRST_PAUSE, _PAUSE, _SHORT_PAUSE = 60.0, 3600.0, 1.0
_BATCH: Final = 1000


class Deletable(Protocol):
    """Where records are deleted."""

    async def delete_before(self, time: datetime, limit: int) -> int:
        """Delete the oldest records before a time, at most `limit`; return how many were."""

    def failure_word(self, error: Exception) -> str:
        """Return a word for an exception, without any value."""


class Retention:
    """Deletes what is older than so many days, every hour, in small batches."""

    def __init__(self, database: Deletable, days: int, *, clock: Clock) -> None:
        """Take the database, the days, and the clock."""
        self._database = database
        self._days = days
        self._clock = clock

    async def run(self) -> None:
        """Delete until this is cancelled."""
        await self._clock.sleep(_FIRST_PAUSE)
        while True:
            try:
                await self._delete_old()
            except Exception as error:  # noqa: BLE001 - drivers raise many; the next hour is early enough
                _log.warning("old audit records are not deleted: %s", self._database.failure_word(error))
            await self._clock.sleep(_PAUSE)

    async def _delete_old(self) -> None:
        before = datetime.fromtimestamp(self._clock.wall(), UTC) - timedelta(days=self._days)
        total = 0
        while deleted := await self._database.delete_before(before, _BATCH):
            total += deleted
            await self._clock.sleep(_SHORT_PAUSE)
        if total:
            _log.info("deleted %d audit records older than %d days", total, self._days)
