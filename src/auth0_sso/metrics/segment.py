"""The memory in which one process counts, and from which it and others read.

A segment begins with a header: the process that writes, the bytes of keys in use, a name. Then come the numbers, and
then the keys: one record for each series. A process only appends, and publishes a record as the last step, so another
one can read at any moment, also if the writer was killed. The next process that gets the segment continues with its
numbers: counters survive the process that counted, and no number is in two places.
"""

import json
import math
import mmap
from dataclasses import dataclass
from struct import Struct
from typing import Final

from auth0_sso.metrics.families import BY_NAME, Family

SEGMENT_BYTES: Final = 2 * 1024 * 1024
"""The pages that are not used yet take no memory."""

MAX_SERIES: Final = 1000
"""The series of one metric; more of them share one, whose labels are all `other`."""

_PID, _KEY_BYTES = range(2)
_MAX_NAME: Final = 32
_NAME: Final = slice(16, 16 + _MAX_NAME)
_MAX_NUMBERS: Final = 64 * 1024
_KEYS_AT: Final = _MAX_NUMBERS * 8
_MAX_LABEL: Final = 100
_LENGTH: Final = Struct("<I")
_NOWHERE: Final = 8
"""Where the numbers of a full segment go, after the header: 32 places that belong to no series."""
_FIRST: Final = _NOWHERE + 32

Key = tuple[str, ...]
"""The name of a family, and the values of its labels."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series in a segment, and where its numbers begin."""

    family: Family
    labels: tuple[str, ...]
    at: int


class Segment:
    """A segment as its readers see it."""

    def __init__(self, memory: mmap.mmap) -> None:
        """Take `SEGMENT_BYTES` bytes, all zero or in use as a segment already."""
        self.memory = memory
        self._header = memoryview(memory).cast("q")
        self.numbers: memoryview[float] = memoryview(memory)[:_KEYS_AT].cast("d")
        self._series: list[Series] = []
        self._read_bytes, self._next = 0, _FIRST

    @property
    def pid(self) -> int:
        """The id of the process that counts here; 0 if it has exited."""
        return self._header[_PID]

    @pid.setter
    def pid(self, value: int) -> None:
        self._header[_PID] = value

    @property
    def name(self) -> str:
        """How metrics name the process."""
        return bytes(self.memory[_NAME]).rstrip(b"\0").decode("ascii", "replace")

    @name.setter
    def name(self, value: str) -> None:
        self.memory[_NAME] = value.encode("ascii")[:_MAX_NAME].ljust(_MAX_NAME, b"\0")

    def series(self) -> list[Series]:
        """Return all series; those of a newer version's families are left out."""
        end = self._header[_KEY_BYTES]
        while self._read_bytes < end:
            at = _KEYS_AT + self._read_bytes
            (length,) = _LENGTH.unpack_from(self.memory, at)
            name, width, labels = json.loads(self.memory[at + 4 : at + 4 + length])
            family = BY_NAME.get(name)
            if family is not None and family.width == width and len(family.labels) == len(labels):
                self._series.append(Series(family, tuple(labels), self._next))
            self._read_bytes += 4 + length
            self._next += width
        return self._series

    def append(self, family: Family, labels: tuple[str, ...]) -> int:
        """Add a series, and return where its numbers are; those of a full segment are lost."""
        self.series()
        record = json.dumps([family.name, family.width, labels]).encode("ascii")
        end = self._read_bytes + 4 + len(record)
        if self._next + family.width > _MAX_NUMBERS or _KEYS_AT + end > SEGMENT_BYTES:
            return _NOWHERE
        at = _KEYS_AT + self._read_bytes
        if family.kind == "gauge":
            self.numbers[self._next] = math.nan
        self.memory[at : at + 4 + len(record)] = _LENGTH.pack(len(record)) + record
        self._header[_KEY_BYTES] = end  # from now on readers see it
        return self.series()[-1].at

    def close(self) -> None:
        """Release the memory."""
        self.numbers.release()
        self._header.release()
        self.memory.close()


def new_memory() -> mmap.mmap:
    """Return the memory of a segment for one process alone."""
    return mmap.mmap(-1, SEGMENT_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # a forked process counts for itself


class Counts:
    """What one process counts, in its segment. Not thread-safe: for one event loop."""

    def __init__(self, segment: Segment) -> None:
        """Take the segment; gauges of an earlier process in it are absent until they are set again."""
        self.segment = segment
        self._places: dict[Key, int] = {}
        self._number_of_series: dict[str, int] = {}
        for series in segment.series():
            self._note(series.family, series.labels, series.at)
            if series.family.kind == "gauge":
                segment.numbers[series.at] = math.nan

    def place(self, family: Family, *labels: str) -> int:
        """Return where the numbers of a series begin, which is added if it is new."""
        key = (family.name, *labels)
        place = self._places.get(key)
        return self._add(family, labels) if place is None else place

    def add(self, family: Family, *labels: str, by: float = 1.0) -> None:
        """Count."""
        self.segment.numbers[self.place(family, *labels)] += by

    def set(self, family: Family, value: float | None, *labels: str) -> None:
        """Set a gauge; None removes it."""
        if value is None and (family.name, *labels) not in self._places:
            return
        self.segment.numbers[self.place(family, *labels)] = math.nan if value is None else value

    def set_latest(self, family: Family, value: float, *labels: str, at: float) -> None:
        """Set a gauge that is the latest of all processes, with the time in seconds since 1970."""
        place = self.place(family, *labels)
        self.segment.numbers[place + 1] = at
        self.segment.numbers[place] = value

    def _add(self, family: Family, labels: tuple[str, ...]) -> int:
        labels = tuple(_bounded(label) for label in labels)
        key = (family.name, *labels)
        if key in self._places:
            return self._places[key]
        if self._number_of_series.get(family.name, 0) >= MAX_SERIES:
            labels = ("other",) * len(labels)
            key = (family.name, *labels)
            if key in self._places:
                return self._places[key]
        at = self.segment.append(family, labels)
        self._note(family, labels, at)
        return at

    def _note(self, family: Family, labels: tuple[str, ...], at: int) -> None:
        self._places[(family.name, *labels)] = at
        self._number_of_series[family.name] = self._number_of_series.get(family.name, 0) + 1


def _bounded(label: str) -> str:
    """Return a label without lone surrogates, which UTF-8 cannot hold, and of limited length."""
    return label[:_MAX_LABEL].encode("utf-8", "replace").decode()
