import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from auth0_sso.audit.spill.directory import SEGMENT_BYTES, SpillDirectory, SpillFullError
from auth0_sso.clock import SYSTEM_CLOCK
from support.audit_records import files

NOBODY = 65534
LINES = [f'{{"n":{number}}}\n'.encode() for number in range(10)]


def opened(path: Path, *, max_bytes: int = 10 * SEGMENT_BYTES) -> SpillDirectory:
    return SpillDirectory(path, max_bytes=max_bytes, clock=SYSTEM_CLOCK)


@pytest.fixture
def spill(tmp_path: Path) -> Iterator[SpillDirectory]:
    spill = opened(tmp_path / "spill")
    yield spill
    spill.close()


def read_all(spill: SpillDirectory) -> list[bytes]:
    """Return all lines, and confirm them."""
    found: list[bytes] = []
    while batch := spill.next_batch():
        found += batch.lines
        spill.confirm(batch)
    return found


def test_the_directory_is_created_for_its_owner_only(spill: SpillDirectory, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "spill").stat().st_mode) == 0o700


def test_its_parents_are_not_created(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "missing" / "spill")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777], ids=oct)
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(ValueError, match="other users than its owner can write it"):
        opened(tmp_path)


def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory to another user")
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(ValueError, match="it belongs to another user"):
        opened(tmp_path)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "spill").touch()
    with pytest.raises(FileExistsError):
        opened(tmp_path / "spill")


def test_records_are_read_in_the_order_of_writing(spill: SpillDirectory) -> None:
    spill.append(LINES[:4])
    spill.append(LINES[4:])
    assert (spill.records, spill.size) == (10, sum(map(len, LINES)))
    assert read_all(spill) == LINES
    assert (spill.records, spill.size) == (0, 0)


def test_one_file_is_used_again_and_again(spill: SpillDirectory, tmp_path: Path) -> None:
    for _ in range(3):
        spill.append(LINES)
        assert read_all(spill) == LINES
    (name,) = files(tmp_path / "spill")
    assert (tmp_path / "spill" / name).stat().st_size == 0


def test_a_large_file_is_followed_by_another_and_removed(spill: SpillDirectory, tmp_path: Path) -> None:
    large = b"x" * (SEGMENT_BYTES // 2) + b"\n"
    for _ in range(5):
        spill.append([large])
    assert len(files(tmp_path / "spill")) == 3
    assert read_all(spill) == [large] * 5
    assert len(files(tmp_path / "spill")) == 1


def test_beyond_its_maximum_it_takes_no_more_until_records_are_stored(tmp_path: Path) -> None:
    spill = opened(tmp_path / "spill", max_bytes=sum(map(len, LINES)))
    spill.append(LINES[:9])
    with pytest.raises(SpillFullError):
        spill.append(LINES)
    assert read_all(spill) == LINES[:9]
    spill.append(LINES)
    assert read_all(spill) == LINES
    spill.close()


def test_a_closed_directory_without_records_is_empty(tmp_path: Path) -> None:
    spill = opened(tmp_path / "spill")
    spill.append(LINES)
    read_all(spill)
    spill.close()
    assert files(tmp_path / "spill") == []


def test_the_next_process_goes_on_where_the_last_one_ended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spill = opened(tmp_path / "spill")
    spill.append(LINES)
    spill.close()
    caplog.set_level(logging.WARNING)
    following = opened(tmp_path / "spill")
    assert following.records == 10
    following.append([b"{}\n"])
    assert read_all(following) == [*LINES, b"{}\n"]
    following.close()
    assert files(tmp_path / "spill") == []
    assert caplog.messages == ["found 10 audit records on disk, of a process that has exited: storing them"]


def test_a_file_that_was_emptied_by_hand_holds_up_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = opened(tmp_path / "spill")
    first.append(LINES)
    first.close()
    second = opened(tmp_path / "spill")
    (name,) = files(tmp_path / "spill")
    (tmp_path / "spill" / name).write_bytes(b"")
    second.append([b"{}\n"])
    assert read_all(second) == [b"{}\n"]
    second.close()
    assert f"the file {name} of audit records cannot be read" in caplog.messages


def test_processes_that_run_do_not_read_each_others_files(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "spill"), opened(tmp_path / "spill")
    first.append(LINES[:5])
    second.append(LINES[5:])
    assert not second.adopt()
    assert read_all(second) == LINES[5:]
    first.close()
    assert second.adopt()
    assert read_all(second) == LINES[:5]
    second.close()


def test_adopted_files_count_for_the_maximum(tmp_path: Path) -> None:
    first = opened(tmp_path / "spill")
    first.append(LINES)
    first.close()
    second = opened(tmp_path / "spill", max_bytes=sum(map(len, LINES)))
    with pytest.raises(SpillFullError):
        second.append(LINES[:1])
    second.close()


def test_empty_files_of_exited_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / "spill").mkdir(0o700)
    (tmp_path / "spill" / "audit-1.jsonl").touch()
    spill = opened(tmp_path / "spill")
    assert files(tmp_path / "spill") == []
    spill.close()


def test_refused_lines_are_kept_in_a_file_for_its_owner_only(spill: SpillDirectory, tmp_path: Path) -> None:
    spill.refuse(b"torn")
    spill.refuse(b"whole\n")
    refused = tmp_path / "spill" / "refused.jsonl"
    assert refused.read_bytes() == b"torn\nwhole\n"
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    assert not spill.adopt()


def test_an_unreadable_file_holds_up_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = opened(tmp_path / "spill")
    first.append(LINES)
    first.close()
    second = opened(tmp_path / "spill")
    (name,) = files(tmp_path / "spill")
    second.append([b"{}\n"])
    with unreadable(tmp_path / "spill" / name):
        assert read_all(second) == [b"{}\n"]
    assert caplog.messages[-1] == f"the file {name} of audit records cannot be read"
    second.close()
    assert (tmp_path / "spill" / name).read_bytes() == b"".join(LINES)


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Let the disk fail for the one descriptor of this process that reads the file."""
    (descriptor,) = [
        int(each.name) for each in Path("/proc/self/fd").iterdir() if each.is_symlink() and each.resolve() == path
    ]
    write_only = os.open(path, os.O_WRONLY)
    os.dup2(write_only, descriptor)
    os.close(write_only)
    yield


def test_a_directory_that_its_owner_cannot_write_is_refused() -> None:
    with TemporaryDirectory() as name, as_another_user(Path(name)):
        path = Path(name) / "spill"
        path.mkdir(0o500)
        with pytest.raises(PermissionError, match="it cannot be written"):
            opened(path)


@contextmanager
def as_another_user(directory: Path) -> Iterator[None]:
    """Be another user than root, who may write everywhere, and own the directory."""
    if os.getuid() != 0:
        yield
        return
    os.chown(directory, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
