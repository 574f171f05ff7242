"""How an API of the tenant is that we call, as `/readyz` reports it of the Management API."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ApiHealth:
    """What the last calls found; finding it out costs no call."""

    state: Literal["unknown", "up", "unavailable", "refused"]
    """`unknown` until the first call: a token costs quota, so none is fetched before it is needed. `refused` are our
    own credentials, or the token that they gave.
    """
    last_error: str | None = None
    """The reason, in a word."""
