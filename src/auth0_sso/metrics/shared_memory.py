"""The segments of a supervisor and its workers, in one file without a name.

It is in memory where the system can (memfd_create: Linux), so no directory is needed, and it is gone with the last of
the processes. There are as many segments as processes ever ran at once: a new worker continues in that of one that
has exited.
"""

import mmap
import os
import tempfile
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any, Final

from auth0_sso.metrics.segment import SEGMENT_BYTES, Segment

_NAME: Final = "auth0-sso-metrics"


class SharedMemory:
    """The file, in this process. It can be an argument of a process that `multiprocessing` spawns."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Take the descriptor that the supervisor passed on; without one make the file."""
        self.descriptor = _new_file() if descriptor is None else descriptor
        self._segments: list[Segment] = []

    def segments(self) -> list[Segment]:
        """Return all segments that there are now."""
        number = os.fstat(self.descriptor).st_size // SEGMENT_BYTES
        while len(self._segments) < number:
            offset = len(self._segments) * SEGMENT_BYTES
            self._segments.append(Segment(mmap.mmap(self.descriptor, SEGMENT_BYTES, offset=offset)))
        return self._segments

    def add(self) -> int:
        """Add a segment and return its index. Only the supervisor does."""
        index = len(self.segments())
        os.ftruncate(self.descriptor, (index + 1) * SEGMENT_BYTES)
        self.segments()
        return index

    def close(self) -> None:
        """Release the memory in this process."""
        for segment in self._segments:
            segment.close()
        self._segments = []
        os.close(self.descriptor)

    def __reduce__(self) -> tuple[Callable[[Any], "SharedMemory"], tuple[Any]]:
        """Pass the descriptor on to a process that is being spawned."""
        return _receive, (reduction.DupFd(self.descriptor),)


def _receive(descriptor: Any) -> SharedMemory:  # noqa: ANN401 - multiprocessing has no name for its type
    return SharedMemory(descriptor.detach())


def _new_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create(_NAME)
    with tempfile.TemporaryFile(prefix=_NAME) as file:
        return os.dup(file.fileno())
