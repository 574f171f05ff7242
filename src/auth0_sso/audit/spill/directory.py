"""The spill directory: the files of this process, and those of processes that have exited.

Several processes may use one directory on one machine: each has files of its own.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_IWGRP, S_IWOTH
from typing import Final

from auth0_sso.audit.record import new_id
from auth0_sso.audit.spill.segment import Segment
from auth0_sso.clock import Clock

_log = logging.getLogger(__name__)

SEGMENT_BYTES: Final = 1024 * 1024
"""A file of this size is followed by another one; it is removed when the database has all of it."""

MAX_BYTES: Final = 256 * 1024 * 1024
"""The default of the maximum size of the files of a process."""

_BATCH_RECORDS, _BATCH_BYTES = 500, 1024 * 1024
_PATTERN: Final = "audit-*.jsonl"
_REFUSED: Final = "refused.jsonl"


class SpillFullError(Exception):
    """The files of this process have their maximum size."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that the database gets next."""

    segment: Segment
    lines: list[bytes]


class SpillDirectory:
    """Records on disk, in the order in which they were written. Its methods block; all run in one thread."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, clock: Clock) -> None:
        """Take the directory, which is created if missing, with its parents there.

        Raises `OSError` for one that cannot be used, and `ValueError` for one that other users can write.
        """
        path.mkdir(0o700, exist_ok=True)
        require_private(path)
        self._path = path
        self._max_bytes = max_bytes
        self._clock = clock
        self._segments: list[Segment] = []
        self._active: Segment | None = None
        self._unsynced: set[Segment] = set()
        self.adopt()

    @property
    def size(self) -> int:
        """The bytes of records that the database may not have."""
        return sum(segment.unread for segment in self._segments)

    @property
    def records(self) -> int:
        """The number of records that the database may not have."""
        return sum(segment.records for segment in self._segments)

    def append(self, lines: list[bytes]) -> None:
        """Append all of these lines, or none. Raises `SpillFullError`, or `OSError`, such as for a full disk."""
        if sum(segment.size for segment in self._segments) + sum(map(len, lines)) > self._max_bytes:
            raise SpillFullError
        if self._active is None or self._active.size >= SEGMENT_BYTES:
            self._active = Segment.create(self._path / f"audit-{new_id(self._clock.wall())}.jsonl")
            self._segments.append(self._active)
        self._active.append(lines)
        self._unsynced.add(self._active)

    def next_batch(self) -> Batch | None:
        """Return the oldest lines that the database may not have."""
        for segment in (*self._segments,):
            if not segment.unread:
                continue
            if lines := segment.read(_BATCH_RECORDS, _BATCH_BYTES):
                return Batch(segment, lines)
            _log.error("the file %s of audit records cannot be read", segment.path.name)
            self._forget(segment, remove=False)
        return None

    def confirm(self, batch: Batch) -> None:
        """Note that the database has a batch. Raises `OSError`."""
        batch.segment.confirm(batch.lines)
        if batch.segment.unread:
            return
        if batch.segment is self._active and self._active.size < SEGMENT_BYTES:
            self._active.empty()
        else:
            self._forget(batch.segment, remove=True)

    def refuse(self, line: bytes) -> None:
        """Keep a line that the database refuses in a file of its own, for an operator. Raises `OSError`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path / _REFUSED, flags, 0o600)
        try:
            os.write(descriptor, line.rstrip(b"\n") + b"\n")
        finally:
            os.close(descriptor)

    def adopt(self) -> bool:
        """Take over the files of processes that have exited; return whether there were any. Raises `OSError`."""
        own = {segment.path for segment in self._segments}
        found = [Segment.adopt(path) for path in sorted(self._path.glob(_PATTERN)) if path not in own]
        adopted = [segment for segment in found if segment is not None]
        if count := sum(segment.records for segment in adopted):
            _log.warning("found %d audit records on disk, of a process that has exited: storing them", count)
        for segment in adopted:
            if segment.unread:
                self._segments.append(segment)
            else:
                segment.close(remove=True)
        self._segments.sort(key=lambda segment: segment.path.name)
        return bool(adopted)

    def sync(self) -> None:
        """Have the disk write what was appended (fsync). Raises `OSError`."""
        while self._unsynced:
            self._unsynced.pop().sync()

    def close(self) -> None:
        """Sync and unlock all files; those that the database has in full are removed. Raises `OSError`."""
        try:
            self.sync()
        finally:
            for segment in (*self._segments,):
                self._forget(segment, remove=not segment.unread)

    def _forget(self, segment: Segment, *, remove: bool) -> None:
        self._segments.remove(segment)
        self._unsynced.discard(segment)
        if segment is self._active:
            self._active = None
        segment.close(remove=remove)


def require_private(path: Path) -> None:
    """Refuse a directory in which another user could write records that never happened."""
    status = path.stat()
    if status.st_uid not in {os.geteuid(), 0}:
        raise ValueError(f"it belongs to another user ({status.st_uid})")
    if status.st_mode & (S_IWGRP | S_IWOTH):
        raise ValueError("other users than its owner can write it")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError("it cannot be written")
