"""The state of a set of signing keys, as `/readyz` and the metrics report it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeysHealth:
    """The state of the signing keys. Times are in seconds."""

    state: Literal["fresh", "stale", "missing"]
    keys: int
    age: float | None
    """Since the keys were fetched; None for missing keys and for those of a `StaticKeys`."""
    next_refresh: float
    failures: int
    """Failed fetches in a row, counted up to ten."""
    last_error: str | None
