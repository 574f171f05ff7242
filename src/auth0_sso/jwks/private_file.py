"""Reading and replacing a file that only the user of this process, or root, can write.

Every check is made on an open descriptor, because a path may point elsewhere a moment later. The file and its
directory must be owned by this user or root and writable by the owner only; a sticky bit is not enough, because it
lets any user create the file first. Parent directories are not checked, and may be symbolic links: a user who can
rename them can only point to another directory that this user or root owns and no other user can write.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, ELOOP
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG, S_IWGRP, S_IWOTH

_UNLIMITED = 64 * 1024 * 1024  # bytes: a larger file is no file of keys
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO would block until another process opens it.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafeFileError(ValueError):
    """Another user can write the file or its directory; the message says why."""


def read(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file of at most `max_bytes` bytes.

    Raises `UnsafeFileError` for a file or directory that other users can write, a symbolic link, a second hard link,
    anything but a regular file, and a file that is too large; `OSError` for one that cannot be opened.
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


def require_usable(path: Path) -> bool:
    """Return whether a file exists that `read` takes; without one, its directory can be used or be created.

    Raises what `read` and `replace` raise. Nothing is written.
    """
    try:
        read(path, _UNLIMITED)
        exists = True
    except FileNotFoundError:
        exists = False
    directory = path.parent if path.parent.exists() else path.parent.parent
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))
    return exists


def replace(path: Path, data: bytes) -> None:
    """Replace a file atomically, or create it, readable and writable by its owner only.

    A missing directory is created (0700), its parents are not. The data is synced to the disk before the old file is
    replaced, so a power failure leaves one of the two. Raises `UnsafeFileError` for a directory that other users can
    write, `OSError` if the file cannot be written.
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
        raise UnsafeFileError(f"other users than its owner can write {name}")


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
