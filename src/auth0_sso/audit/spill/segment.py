"""One spill file: audit records, a JSON document a line, locked (flock) by the process that writes or reads it.

The lock ends with its process, however that ends: a file that can be locked is of a process that has exited.
"""

import fcntl
import os
from pathlib import Path
from stat import S_ISREG
from typing import Final, Self

_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO would block until another process opens it.
_ADOPT: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK: Final = 1024 * 1024


class Segment:
    """A spill file that this process has locked."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self.read_to = 0
        """Up to here, in bytes, the database has the records."""
        self.records = _count_lines(descriptor)
        """How many the database may not have."""

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create a file, readable and writable by its owner only. Raises `OSError`."""
        # Locked before it has its name: another process would take an unlocked file for one of an exited process.
        unlocked = path.with_suffix(".new")
        descriptor = os.open(unlocked, _CREATE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlocked.rename(path)
            _sync_directory(path.parent)
            return cls(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def adopt(cls, path: Path) -> Self | None:
        """Return the file of a process that has exited; None if its process runs, or if it is gone or no file."""
        try:
            descriptor = os.open(path, _ADOPT)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(descriptor)
            if S_ISREG(status.st_mode) and status.st_nlink == 1:  # not removed by a process that adopted it before
                return cls(path, descriptor)
        except OSError:
            pass
        os.close(descriptor)
        return None

    @property
    def unread(self) -> int:
        """How many bytes the database may not have."""
        return self.size - self.read_to

    def append(self, lines: list[bytes]) -> None:
        """Append whole lines, or none of them. Raises `OSError`, such as for a full disk."""
        data = b"".join(lines)
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)
        self.records += len(lines)

    def read(self, max_lines: int, max_bytes: int) -> list[bytes]:
        """Return the first lines that the database may not have. The last one of all may lack its line break.

        None, if the file cannot be read, or is shorter than it was.
        """
        try:
            data = os.pread(self._descriptor, min(max_bytes, self.unread), self.read_to)
        except OSError:
            return []
        if len(data) < self.unread:
            data = data[: data.rfind(b"\n") + 1] or data
        return data.splitlines(keepends=True)[:max_lines]

    def confirm(self, lines: list[bytes]) -> None:
        """Note that the database has the lines that `read` returned."""
        self.read_to += sum(map(len, lines))
        self.records = max(0, self.records - len(lines))

    def empty(self) -> None:
        """Remove all records from the file. Raises `OSError`."""
        os.ftruncate(self._descriptor, 0)
        self.size = self.read_to = self.records = 0

    def sync(self) -> None:
        """Have the disk write what was appended (fsync). Raises `OSError`."""
        os.fsync(self._descriptor)

    def close(self, *, remove: bool) -> None:
        """Unlock the file, for the next process to read, or remove it."""
        try:
            if remove:
                self.path.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)


def _count_lines(descriptor: int) -> int:
    count, at, last = 0, 0, b"\n"
    while data := os.pread(descriptor, _CHUNK, at):
        count, at, last = count + data.count(b"\n"), at + len(data), data[-1:]
    return count + (last != b"\n")


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
