import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from stat import S_IMODE

import pytest

from auth0_sso.jwks import private_file
from auth0_sso.jwks.private_file import UnsafeFileError

ANOTHER_UID = 10_002


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "kept"
    directory.mkdir(0o700)
    return directory


@pytest.fixture
def path(directory: Path) -> Path:
    path = directory / "file"
    private_file.replace(path, b"content")
    return path


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a path another user's: in truth where we are root, else by being another user ourselves."""
    if os.geteuid() == 0:
        os.chown(path, ANOTHER_UID, -1, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: ANOTHER_UID)


def why_not_read(path: Path) -> str:
    with pytest.raises(UnsafeFileError) as raised:
        private_file.read(path, 1024)
    return str(raised.value)


def why_not_replaced(path: Path) -> str:
    before = sorted(path.parent.iterdir())
    with pytest.raises(UnsafeFileError) as raised:
        private_file.replace(path, b"new")
    assert sorted(path.parent.iterdir()) == before
    return str(raised.value)


def test_written_data_is_read_and_only_its_owner_can_read_it(path: Path) -> None:
    assert private_file.read(path, 7) == b"content"
    assert S_IMODE(path.stat().st_mode) == 0o600
    private_file.replace(path, b"new")
    assert private_file.read(path, 7) == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_no_umask_opens_the_file_to_others(directory: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        private_file.replace(directory / "made" / "file", b"content")
    finally:
        os.umask(before)
    assert S_IMODE((directory / "made").stat().st_mode) == 0o700
    assert S_IMODE((directory / "made" / "file").stat().st_mode) == 0o600


def test_a_file_of_another_user_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o644)
    path.parent.chmod(0o755)
    give_away(path, monkeypatch)
    assert "belongs to another user" in why_not_read(path)


def test_a_directory_of_another_user_is_neither_read_nor_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.chmod(0o755)
    give_away(path.parent, monkeypatch)
    for why in (why_not_read(path), why_not_replaced(path)):
        assert "its directory belongs to another user" in why


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o660], ids=oct)
def test_a_file_that_other_users_can_write_is_not_read(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert why_not_read(path) == "other users than its owner can write it"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777, 0o2775], ids=oct)
def test_a_directory_that_others_can_write_is_neither_read_nor_written(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    for why in (why_not_read(path), why_not_replaced(path)):
        assert why == "other users than its owner can write its directory"


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o644], ids=oct)
def test_a_file_that_others_can_only_read_is_read(path: Path, mode: int) -> None:
    path.chmod(mode)
    path.parent.chmod(0o755)
    assert private_file.read(path, 1024) == b"content"


def test_a_file_with_a_second_hard_link_is_not_read(path: Path) -> None:
    path.with_name("link").hardlink_to(path)
    assert why_not_read(path) == "it has a second hard link"


def test_a_symbolic_link_is_not_followed_and_a_write_replaces_it(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert why_not_read(link) == "it is a symbolic link"
    private_file.replace(link, b"new")
    assert not link.is_symlink()
    assert (private_file.read(link, 1024), private_file.read(path, 1024)) == (b"new", b"content")


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def in_a_directory(path: Path) -> None:
    path.mkdir(0o700)


@pytest.mark.parametrize("make", [os.mkfifo, in_a_directory], ids=["fifo", "directory"])
async def test_opening_a_fifo_or_device_does_not_block(directory: Path, make: Callable[[Path], None]) -> None:
    make(directory / "special")
    async with asyncio.timeout(5):
        assert await asyncio.to_thread(why_not_read, directory / "special") == "it is not a regular file"


def test_a_socket_cannot_be_opened_at_all(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)  # the address of a socket is short
    listen(Path("socket"))
    with pytest.raises(OSError, match="No such device or address"):
        private_file.read(directory / "socket", 1024)


def test_the_size_limit_is_exact(path: Path) -> None:
    assert private_file.read(path, 7) == b"content"
    with pytest.raises(UnsafeFileError, match="larger than 6 bytes"):
        private_file.read(path, 6)


def test_a_missing_directory_is_created_0700_without_its_parents(directory: Path) -> None:
    private_file.replace(directory / "made" / "file", b"content")
    assert S_IMODE((directory / "made").stat().st_mode) == 0o700
    with pytest.raises(FileNotFoundError):
        private_file.replace(directory / "no" / "such" / "file", b"content")
    assert not (directory / "no").exists()


def test_reading_creates_no_directory(directory: Path) -> None:
    with pytest.raises(FileNotFoundError):
        private_file.read(directory / "made" / "file", 1024)
    assert list(directory.iterdir()) == []


def test_a_world_writable_parent_directory_is_accepted(directory: Path) -> None:
    directory.chmod(0o777)
    path = directory / "made" / "file"
    private_file.replace(path, b"content")
    assert private_file.read(path, 1024) == b"content"


def test_the_path_of_the_directory_may_contain_symbolic_links(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path.parent)
    assert private_file.read(tmp_path / "link" / "file", 1024) == b"content"


def test_a_failed_write_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("write", "fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            with pytest.raises(OSError, match="No space left"):
                private_file.replace(path, b"new")
        assert private_file.read(path, 1024) == b"content"
        assert list(path.parent.iterdir()) == [path]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left_open(path: Path) -> None:
    path.with_name("link").symlink_to(path)
    os.mkfifo(path.with_name("fifo"))
    before = descriptors()
    for _ in range(5):
        private_file.replace(path, b"content")
        private_file.read(path, 1024)
        why_not_read(path.with_name("link"))
        why_not_read(path.with_name("fifo"))
    assert descriptors() == before


def test_what_can_be_used_is_told_without_a_write(path: Path, directory: Path) -> None:
    before = path.stat()
    assert private_file.require_usable(path)
    assert not private_file.require_usable(directory / "other")
    assert not private_file.require_usable(directory / "new" / "file")
    assert [*directory.iterdir()] == [path]
    assert path.stat() == before


def test_what_cannot_be_used_is_told_as_a_read_or_a_write_would(path: Path, directory: Path) -> None:
    with pytest.raises(PermissionError):
        private_file.require_usable(directory / "a" / "b" / "file")
    directory.chmod(0o777)
    with pytest.raises(UnsafeFileError):
        private_file.require_usable(path)
