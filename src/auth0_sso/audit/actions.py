"""The actions that this package records, and how the Elastic Common Schema classifies each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Classification(NamedTuple):
    """ECS: the values of `event.category` and `event.type`."""

    category: tuple[str, ...]
    type: tuple[str, ...]


_USER_CHANGE: Final = Classification(("iam",), ("user", "change"))
_DENIED: Final = Classification(("api",), ("denied",))

ACTIONS: Final[Mapping[str, Classification]] = MappingProxyType(
    {
        "token-refused": Classification(("authentication",), ("denied",)),
        "access-denied": _DENIED,
        "rate-limited": _DENIED,
        "create-user": Classification(("iam",), ("user", "creation")),
        "delete-user": Classification(("iam",), ("user", "deletion")),
        "block-user": _USER_CHANGE,
        "unblock-user": _USER_CHANGE,
        "assign-roles": _USER_CHANGE,
        "remove-roles": _USER_CHANGE,
        "log-out-user": Classification(("session",), ("user", "end")),
        "tokens-revoked": Classification(("session",), ("end",)),
        "update-metadata": _USER_CHANGE,
        "keys-changed": Classification(("configuration",), ("change",)),
        "outage-began": Classification(("web",), ("error",)),
        "outage-ended": Classification(("web",), ("info",)),
    }
)

OWN_ACTION: Final = Classification(("api",), ("info",))
"""Of an action that an app named itself."""
