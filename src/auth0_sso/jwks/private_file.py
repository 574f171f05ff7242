"""A file that only this process's user, or root, can have written: read and replaced with that checked.

Every check is made on an open descriptor, never on a path that may lead elsewhere a moment later. The file and its
directory must be owned by this user or root and writable by the owner alone; a sticky bit does not help, because it
lets any user create the file first. Directories further up are not checked, and may be symbolic links: a user who can
rename those can only make us open another directory that this user and root alone can write.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ELOOP
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG, S_IWGRP, S_IWOTH

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO waits for its other end, for as long as that takes.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafeFileError(ValueError):
    """Another user may have written the file, or could write it; the message says how."""


def read(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file of at most `max_bytes` bytes.

    Raises `UnsafeFileError` for a file or directory that others could have written, a symbolic link, a second hard
    link, anything but a regular file, and one that is too large; `OSError` for what cannot be opened.
    """
    with _safe_directory(path.parent) as directory, _opened(path.name, _READ, directory) as descriptor:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            raise UnsafeFileError("it is not a regular file")
        _require_ours("it", status)
        if status.st_nlink != 1:
            raise UnsafeFileError("it has a second hard link")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise UnsafeFileError(f"it is larger than {max_bytes} bytes")
    return data


def replace(path: Path, data: bytes) -> None:
    """Replace a file whole, or create it, readable and writable by its owner alone.

    A missing directory is created (0700), its parents are not. The data is on the disk before the old file is gone:
    a machine that loses power keeps one of the two. Raises `UnsafeFileError` for a directory that others could write,
    `OSError` for what cannot be written.
    """
    with suppress(FileExistsError):
        path.parent.mkdir(0o700)
    temporary = f".{path.name}.{token_hex(8)}"
    with _safe_directory(path.parent) as directory, _opened(temporary, _CREATE, directory) as descriptor:
        try:
            _write(descriptor, data)
            os.replace(temporary, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            os.unlink(temporary, dir_fd=directory)
            raise


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


@contextmanager
def _safe_directory(path: Path) -> Iterator[int]:
    with _opened(str(path), _DIRECTORY) as descriptor:
        _require_ours("its directory", os.fstat(descriptor))
        yield descriptor


def _require_ours(name: str, status: os.stat_result) -> None:
    if status.st_uid not in {os.geteuid(), 0}:
        raise UnsafeFileError(f"{name} belongs to another user ({status.st_uid})")
    if status.st_mode & (S_IWGRP | S_IWOTH):
        raise UnsafeFileError(f"others than its owner may write {name}")


@contextmanager
def _opened(name: str, flags: int, directory: int | None = None) -> Iterator[int]:
    try:
        descriptor = os.open(name, flags, 0o600, dir_fd=directory)
    except OSError as error:
        if error.errno == ELOOP and flags & os.O_NOFOLLOW:
            raise UnsafeFileError("it is a symbolic link") from None
        raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)
