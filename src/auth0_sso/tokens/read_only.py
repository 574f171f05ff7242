"""Read-only JSON values, because many requests share one `AccessToken`."""

from collections.abc import Collection, Mapping
from typing import NoReturn

_MUTABLE = frozenset({dict, list})
_set = dict.__setitem__


class ReadOnlyDict(dict[str, object]):
    """A read-only dict, whose copies are ordinary dicts.

    A `MappingProxyType` cannot be used, because `json` and pydantic do not serialize one inside another value.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this dict is read-only: change a copy of it")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[dict[str, object]]]:
        return dict, (dict(self),)


def frozen_object(members: Mapping[str, object]) -> ReadOnlyDict:
    """Return a JSON object read-only at every level: arrays are tuples, objects are read-only dicts.

    That is a copy, except of a `ReadOnlyDict`, which is returned itself.
    """
    return members if isinstance(members, ReadOnlyDict) else frozen_members(members.items())


def frozen_members(members: Collection[tuple[str, object]]) -> ReadOnlyDict:
    """Return `frozen_object` of the members of a JSON object; of two with one name, the last."""
    frozen = ReadOnlyDict(members)
    for name, value in members:
        if type(value) in _MUTABLE:  # most claims are strings and numbers: no call for these
            _set(frozen, name, _frozen(value))
    return frozen


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return frozen_object(value)
    if isinstance(value, list):
        return tuple(value) if _MUTABLE.isdisjoint(map(type, value)) else tuple(map(_frozen, value))
    return value
