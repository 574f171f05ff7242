"""Refusals that are alike: the first is recorded at once, the others are counted and recorded together.

A flood of refused tokens must not fill the disk, nor hide what else happens: docs/decisions/0039.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from auth0_sso.audit.record import Actor

PERIOD: Final = 60.0
"""Seconds for which refusals that are alike are counted."""

MAX_KINDS: Final = 1024
"""MAX number of kinds that are told apart in one period; refusals of further kinds are counted together."""


class Kind(NamedTuple):
    """Refusals that are alike: the same reason, from the same subject or network."""

    action: str
    reason: str
    caller: str
    issuer: str | None


@dataclass(slots=True)
class Repeated:
    """How often a kind was refused again after the first time, and by whom it was then."""

    action: str
    reason: str | None
    code: str | None
    actor: Actor
    count: int = 0


class Repeats:
    """Counts refusals between one `flush` and the next."""

    def __init__(self, max_kinds: int = MAX_KINDS) -> None:
        """Take how many kinds are told apart."""
        self._max_kinds = max_kinds
        self._kinds: dict[Kind, Repeated] = {}
        self._others: dict[str, Repeated] = {}

    def is_first(self, action: str, reason: str, code: str, actor: Actor) -> bool:
        """Count a refusal; return whether it is to be recorded now, as the first of its kind."""
        kind = Kind(action, reason, actor.subject or network_of(actor.address or ""), actor.issuer)
        known = self._kinds.get(kind)
        if known is None and len(self._kinds) < self._max_kinds:
            self._kinds[kind] = Repeated(action, reason, code, actor)
            return True
        if known is None:
            known = self._others.setdefault(action, Repeated(action, None, None, Actor()))
        known.count += 1
        return False

    def flush(self) -> list[Repeated]:
        """Return what was refused again, and begin to count anew."""
        repeated = [each for each in (*self._kinds.values(), *self._others.values()) if each.count]
        self._kinds.clear()
        self._others.clear()
        return repeated


@lru_cache(maxsize=1024)
def network_of(host: str) -> str:
    """Return an address, or of IPv6 its /64, of which one host has all (RFC 4291 section 2.5.1)."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)
