"""Verified tokens, the least recently used of which make room for new ones."""

from collections import OrderedDict
from typing import NamedTuple

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tokens.jwk import JwkSet


class Verified(NamedTuple):
    """A token, the key set that verified it, and the memory it takes, in bytes."""

    token: AccessToken
    keys: JwkSet
    cost: int


class TokenCache:
    """Up to `max_entries` verified tokens that take up to `max_bytes` bytes of memory."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, Verified] = OrderedDict()

    def get(self, digest: bytes) -> Verified | None:
        """Return what is remembered under a digest, which is then the most recently used."""
        found = self._entries.get(digest)
        if found is not None:
            self._entries.move_to_end(digest)
        return found

    def put(self, digest: bytes, verified: Verified) -> None:
        """Remember a token, unless it alone would take more than all memory."""
        if verified.cost > self._max_bytes:
            return
        before = self._entries.pop(digest, None)
        self._entries[digest] = verified
        self._bytes += verified.cost - (0 if before is None else before.cost)
        while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.cost
