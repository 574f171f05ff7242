"""The settings that are read again while the app runs, and whether their files have changed.

What changes a file: an editor or a deployment tool writes another file and renames it, Kubernetes changes a symbolic
link above it, a shell truncates and writes it. Each changes what `stat` says of the path.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from auth0_sso.settings.loading import Problem, files_of
from auth0_sso.settings.settings import Settings
from auth0_sso.settings.values import MEMORY

REREAD: Final = (
    "auth0_management_private_key_id",
    "auth0_management_private_key",
    "auth0_management_client_secret",
    "rate_limit_storage_url",
    "auth0_events_token",
    "auth0_logs_token",
)
"""The settings with secrets in them, and the id that changes with its key."""

_CREDENTIALS: Final = REREAD[:3]
TOKENS: Final = REREAD[4:]
"""Those that Auth0 sends to routes of ours, which exist where the token was set at the start."""

Signature: TypeAlias = tuple[tuple[str, tuple[int, ...] | None], ...]
"""What `stat` says of each file; None for one that is not there or cannot be looked at."""


class Reading(NamedTuple):
    """The settings as they are now, the names of those that differ, and why they cannot be used if so."""

    settings: Settings
    changed: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def signature() -> Signature:
    """Return what changes as soon as one of the files does."""
    return tuple(_stats())


def _stats() -> Iterator[tuple[str, tuple[int, ...] | None]]:
    for path in files_of(REREAD):
        try:
            stat = path.stat()
        except OSError:
            yield str(path), None
        else:
            yield str(path), (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def read(current: Settings) -> Reading:
    """Read the settings of `REREAD` again. No sentence of a fault has a value in it."""
    settings, problems = current.reread(REREAD)
    if settings is None or problems:
        faults = (f"{name} cannot be read: make it readable text in UTF-8." for name in _unreadable())
        return Reading(current, faults=tuple(faults) or tuple(problem.sentence for problem in problems))
    if current.has_shared_store and not settings.has_shared_store:
        return Reading(current, faults=(_STORE_IS_GONE.sentence,))
    if settings.has_shared_store and not current.has_shared_store:
        return Reading(current, faults=(_STORE_IS_NEW.sentence,))
    for name in TOKENS:
        if bool(getattr(settings, name)) != bool(getattr(current, name)):
            return Reading(current, faults=(_of_token(name, is_new=bool(getattr(settings, name))).sentence,))
    changed = tuple(name.upper() for name in REREAD if getattr(settings, name) != getattr(current, name))
    return Reading(settings if changed else current, changed)


_STORE_IS_GONE: Final = Problem("RATE_LIMIT_STORAGE_URL", f"is not set any more, or {MEMORY}", "set it, or restart")
_STORE_IS_NEW: Final = Problem("RATE_LIMIT_STORAGE_URL", "is set now and was not at the start", "restart")


def _of_token(name: str, *, is_new: bool) -> Problem:
    if is_new:
        return Problem(name.upper(), "is set now and was not at the start", "restart")
    return Problem(name.upper(), "is not set any more", "set it, or restart")


def changes_credentials(reading: Reading) -> bool:
    """Return whether the Management client's secret or key has changed."""
    return any(name.lower() in _CREDENTIALS for name in reading.changed)


def _unreadable() -> Iterator[str]:
    for path in files_of(REREAD):
        try:
            if path.name != ".env" or path.is_file():
                path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            yield path.name.upper() if path.name != ".env" else path.name
