import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth0_sso.audit.spill.segment import Segment

LINES = [b'{"n":1}\n', b'{"n":22}\n', b'{"n":333}\n']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit-1.jsonl"


@pytest.fixture
def segment(path: Path) -> Iterator[Segment]:
    segment = Segment.create(path)
    yield segment
    segment.close(remove=False)


def adopt(path: Path) -> Segment:
    segment = Segment.adopt(path)
    assert segment is not None
    return segment


def test_only_its_owner_can_read_a_file(segment: Segment, path: Path) -> None:
    segment.append(LINES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_are_read_in_order_until_they_are_confirmed(segment: Segment) -> None:
    segment.append(LINES)
    assert segment.read(2, 1000) == LINES[:2]
    segment.confirm(LINES[:2])
    assert (segment.records, segment.unread) == (1, len(LINES[2]))
    assert segment.read(2, 1000) == LINES[2:]


def test_a_read_of_limited_bytes_has_whole_lines(segment: Segment) -> None:
    segment.append(LINES)
    assert segment.read(100, len(LINES[0]) + 5) == LINES[:1]


def test_an_emptied_file_takes_records_again(segment: Segment, path: Path) -> None:
    segment.append(LINES)
    segment.confirm(LINES)
    segment.empty()
    assert path.stat().st_size == 0
    segment.append(LINES[:1])
    assert segment.read(100, 1000) == LINES[:1]


def test_the_file_of_a_process_that_runs_is_not_adopted(segment: Segment, path: Path) -> None:
    assert Segment.adopt(path) is None
    command = "import sys, pathlib; from auth0_sso.audit.spill.segment import Segment; "
    command += "print(Segment.adopt(pathlib.Path(sys.argv[1])))"
    found = subprocess.run([sys.executable, "-c", command, str(path)], capture_output=True, text=True, check=True)
    assert found.stdout == "None\n"


def test_the_file_of_a_process_that_exited_is_adopted(path: Path) -> None:
    first = Segment.create(path)
    first.append(LINES)
    first.close(remove=False)
    second = adopt(path)
    assert second.records == 3
    assert second.read(100, 1000) == LINES
    second.close(remove=True)
    assert not path.exists()


def test_a_torn_last_line_is_read_too(path: Path) -> None:
    path.write_bytes(LINES[0] + b'{"n":')
    segment = adopt(path)
    assert segment.records == 2
    assert segment.read(100, 1000) == [LINES[0], b'{"n":']
    segment.close(remove=True)


def test_a_file_that_another_process_removed_meanwhile_is_not_adopted(path: Path, tmp_path: Path) -> None:
    path.write_bytes(LINES[0])
    path.rename(tmp_path / "other")
    assert Segment.adopt(path) is None


@pytest.mark.parametrize("kind", ["link", "hard-link", "fifo", "directory"])
def test_what_is_not_a_file_of_its_own_is_not_adopted(path: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.write_bytes(LINES[0])
    match kind:
        case "link":
            path.symlink_to(other)
        case "hard-link":
            path.hardlink_to(other)
        case "fifo":
            os.mkfifo(path)
        case _:
            path.mkdir()
    assert Segment.adopt(path) is None
    assert other.read_bytes() == LINES[0]


def test_an_append_that_fails_leaves_no_part_of_it(segment: Segment, path: Path) -> None:
    segment.append(LINES[:1])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(LINES[0]) + 3, before[1]))  # as of a disk with 3 bytes left
    try:
        with pytest.raises(OSError, match="File too large"):
            segment.append(LINES[1:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == LINES[0]
    segment.append(LINES[1:])
    assert segment.read(100, 1000) == LINES
    assert segment.records == 3


def test_a_file_that_exists_is_not_created_again(path: Path) -> None:
    path.with_suffix(".new").touch()
    with pytest.raises(FileExistsError):
        Segment.create(path)


def test_nothing_is_left_open_where_a_file_cannot_be_named(tmp_path: Path) -> None:
    path = tmp_path / "audit-1.jsonl"
    path.mkdir()  # so that the rename fails
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of names alone
    with pytest.raises(IsADirectoryError):
        Segment.create(path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - of names alone
