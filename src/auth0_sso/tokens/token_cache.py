"""The cache of verified tokens: of limited memory, from which the least recently used are evicted."""

from collections import OrderedDict

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tokens.jwk import JwkSet

# The memory of a cached token, measured: 2 KiB, and for each byte of its first two parts 1 for long texts, 4 for
# permissions, 6 for small objects. Only objects with one short member take 14.
_ENTRY_BYTES, _BYTES_PER_BYTE = 2048, 6


class TokenCache:
    """At most `size` verified tokens in about `max_bytes` bytes, each with the key set that verified it."""

    def __init__(self, size: int, max_bytes: int) -> None:
        """Take both limits; a `size` of 0 caches nothing."""
        # One limit for both: the cost of a token is at least its part of the bytes, so at most `size` fit.
        self._min_cost = max_bytes // size if size else 0
        self._max_cost = self._min_cost * size
        self._cost = 0
        self._entries: OrderedDict[bytes, tuple[AccessToken, JwkSet, int]] = OrderedDict()

    def find(self, digest: bytes, keys: JwkSet | None) -> AccessToken | None:
        """Return the token with this SHA-256 if `keys` is the set that verified it, else None."""
        entry = self._entries.get(digest)
        if entry is None or entry[1] is not keys:
            return None
        self._entries.move_to_end(digest)
        return entry[0]

    def add(self, digest: bytes, token: AccessToken, keys: JwkSet, length: int) -> None:
        """Keep a token that `keys` verified; its memory is estimated from the `length` of its text in bytes."""
        cost = _ENTRY_BYTES + _BYTES_PER_BYTE * length
        if cost < self._min_cost:
            cost = self._min_cost
        if cost > self._max_cost:
            return
        entries = self._entries
        replaced = entries.pop(digest, None)
        self._cost += cost if replaced is None else cost - replaced[2]
        entries[digest] = (token, keys, cost)
        while self._cost > self._max_cost:
            self._cost -= entries.popitem(last=False)[1][2]
