"""The replay cache: which proofs were used already."""

from hashlib import sha256
from typing import Protocol


class ReplayCache(Protocol):
    """Remembers names for as long as they could be used again."""

    async def add(self, name: bytes, lifetime: float) -> bool:
        """Remember a name for `lifetime` seconds; return False if it is known already.

        Raises `StoreUnavailableError` where that cannot be said: a proof must not pass unchecked.
        """


def proof_name(thumbprint: str, target: str, jti: str) -> bytes:
    """Return the name of a proof: 16 bytes, however long its parts are.

    The key is in it, so that no client can use up the `jti` of another; and the target, as section 11.1 has it.
    """
    parts = (part.encode("utf-8", "surrogatepass") for part in (thumbprint, target, jti))
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()[:16]
