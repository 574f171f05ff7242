"""A state as JSON, for an export and for saving it across restarts. It holds private keys and passwords."""

from pydantic import TypeAdapter, ValidationError

from auth0_devtenant.state.state import State

_ADAPTER: TypeAdapter[State] = TypeAdapter(State)


class SnapshotError(Exception):
    """The text is not a state that this version can read."""


def dump_state(state: State) -> bytes:
    """Return the JSON of a state."""
    return _ADAPTER.dump_json(state, indent=2)


def load_state(document: bytes) -> State:
    """Return the state of its JSON; raise `SnapshotError`."""
    try:
        return _ADAPTER.validate_json(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise SnapshotError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
