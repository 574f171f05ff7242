"""The keys that seal shared values, while their secret changes: one seals, all of them open.

Replicas read a new secret at different times. So that each can open what the others seal, a secret seals only once
the others have it, and opens until they have stopped to seal with it.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth0_sso.clock import SYSTEM_CLOCK, Clock

ADOPTION: Final = 180.0
"""How long a secret that is new to this process does not seal yet, in seconds: until all replicas have read it."""

RETIREMENT: Final = 3600.0
"""How long a secret that is no longer listed still opens, in seconds."""

_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key derived from a secret, and the id by which sealed values name it. The id tells nothing of the secret."""

    id: bytes
    fernet: Fernet = field(repr=False)

    @classmethod
    def derived(cls, secret: str, purpose: str) -> "SealingKey":
        """Derive the key and its id by HKDF (RFC 5869)."""
        key_id = derived_key(secret, f"key id {purpose}", _ID_BYTES).hex().encode()
        return cls(key_id, Fernet(urlsafe_b64encode(derived_key(secret, f"seal {purpose}", 32))))


class Keyring:
    """The keys of one service. The first of the listed secrets seals, and each of them opens."""

    def __init__(self, purpose: str, *secrets: str, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take what identifies the service, one secret or more that its processes have, and the clock."""
        self.purpose = purpose
        self._clock = clock
        self._listed = self._derive(secrets)
        self._retired: dict[bytes, tuple[SealingKey, float]] = {}
        self._sealing = self._listed[0]
        self._adopted_at: float | None = None
        """When the first of the listed keys seals in place of `_sealing`; None where they are one."""

    def replace(self, secrets: Sequence[str]) -> None:
        """Take the secrets that are listed from now on.

        A first one that this process knows already seals at once, and one that is new after `ADOPTION` seconds. One
        that is not listed any more opens for `RETIREMENT` seconds.
        """
        now = self._clock.monotonic()
        sealing, known = self.sealing, {key.id for key in self._openable()}
        before, self._listed = self._listed, self._derive(secrets)
        first, ids = self._listed[0], {key.id for key in self._listed}
        for key in (*before, sealing):
            if key.id not in ids:
                self._retired.setdefault(key.id, (key, now + RETIREMENT))
        self._retired = {key_id: each for key_id, each in self._retired.items() if key_id not in ids}
        if first.id != before[0].id:
            is_known = first.id in known
            self._sealing, self._adopted_at = (first, None) if is_known else (sealing, now + ADOPTION)

    @property
    def sealing(self) -> SealingKey:
        """The key that seals now."""
        if self._adopted_at is not None and self._clock.monotonic() >= self._adopted_at:
            self._sealing, self._adopted_at = self._listed[0], None
        return self._sealing

    def find(self, key_id: bytes) -> SealingKey | None:
        """Return the key with that id if it may open values now."""
        return next((key for key in self._openable() if key.id == key_id), None)

    def _openable(self) -> Iterable[SealingKey]:
        now = self._clock.monotonic()
        yield from self._listed
        yield from (key for key, until in self._retired.values() if now < until)

    def _derive(self, secrets: Sequence[str]) -> tuple[SealingKey, ...]:
        return tuple(SealingKey.derived(secret, self.purpose) for secret in secrets)


def derived_key(secret: str, purpose: str, length: int) -> bytes:
    """Return a key of that many bytes, which tells nothing of the secret or of keys for other purposes (RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=f"auth0-sso {purpose}".encode()).derive(secret.encode())
