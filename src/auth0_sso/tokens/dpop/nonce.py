"""Nonces that the server gives for proofs (RFC 9449 section 9): replicas with one secret accept each other's.

Nothing is stored: a nonce is the number of its time slot and an HMAC of it. The same one is given to all clients in a
slot, and accepted until the end of the next. It says when a proof was made; a replay is found by `jti`.
"""

import hmac
from hashlib import sha256
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.tokens.thumbprint import base64url

NONCE_SECONDS: Final = 180
"""Seconds for which one nonce is given. It is accepted for as long again."""

_KEY_BYTES: Final = 32


class NonceSource:
    """Gives and accepts the nonces of one secret."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes that all replicas have; raise `ValueError` for a shorter one."""
        if len(key) < _KEY_BYTES:
            raise ValueError(f"a key for nonces has {_KEY_BYTES} bytes")
        self._key = key
        self._given: tuple[int, str, str] = (-1, "", "")

    def current(self, now: WallTime) -> str:
        """Return the nonce to give at `now`, in seconds since 1970."""
        return self._of(now)[1]

    def accepts(self, nonce: str, now: WallTime) -> bool:
        """Return whether a proof with this nonce was made recently."""
        _, current, last = self._of(now)
        given = nonce.encode("utf-8", "replace")
        return hmac.compare_digest(given, current.encode()) or hmac.compare_digest(given, last.encode())

    def _of(self, now: WallTime) -> tuple[int, str, str]:
        slot = int(now // NONCE_SECONDS)
        if self._given[0] != slot:
            self._given = slot, self._made(slot), self._made(slot - 1)
        return self._given

    def _made(self, slot: int) -> str:
        return base64url(hmac.digest(self._key, b"dpop nonce %d" % slot, sha256))
