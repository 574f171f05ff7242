"""A state in a file: read at the start, written at the end."""

import os
import tempfile
from pathlib import Path

from auth0_devtenant.state import SnapshotError, State, dump_state, load_state


class SavedStateError(Exception):
    """The file cannot be read or written, or holds no state; the text says which and why."""


def read_state(path: Path) -> State:
    """Return the state of a file; raise `SavedStateError`."""
    try:
        return load_state(path.read_bytes())
    except OSError as error:
        raise SavedStateError(f"{path}: {error.strerror}") from None
    except SnapshotError as error:
        raise SavedStateError(f"{path}: not a state of this version: {error}") from None


def write_state(path: Path, state: State) -> None:
    """Replace a file by a state; only this user can read it, since it holds private keys.

    Raises `SavedStateError`.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(dump_state(state))
        Path(name).replace(path)
    except OSError as error:
        raise SavedStateError(f"{path}: {error.strerror}") from None
