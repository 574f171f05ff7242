"""Values in the shared store that only this service's own processes can read, make or move.

Who can write the store could otherwise grant roles and sign tokens. The key comes from the secret that every process
has anyway, by HKDF (RFC 5869); the seal is Fernet's: AES-CBC under an HMAC.
"""

import json
from base64 import urlsafe_b64encode
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth0_sso.store.commands import KEY_PREFIX
from auth0_sso.store.store import RedisStore


class SealedStore:
    """A shared store whose values are sealed and whose keys' names tell nothing of users."""

    def __init__(self, store: RedisStore, secret: str, purpose: str) -> None:
        """Take the store, a secret that only its processes have, and what identifies this service."""
        self.store = store
        self._fernet = Fernet(urlsafe_b64encode(_derived(secret, f"seal {purpose}")))
        self._names = _derived(secret, f"names {purpose}")

    def name(self, kind: str, *parts: str) -> str:
        """Return the key under which something is kept; `parts` go into it as a keyed hash (RFC 7693)."""
        digest = blake2b(json.dumps(parts).encode(), key=self._names, digest_size=16)
        return f"{KEY_PREFIX}:{kind}:{digest.hexdigest()}"

    def seal(self, name: str, value: object) -> bytes:
        """Seal a JSON value for the place `name`."""
        return self._fernet.encrypt(json.dumps([name, value]).encode())

    def unseal(self, name: str, sealed: object) -> object | None:
        """Return what was sealed for exactly this place, or None for anything else."""
        if not isinstance(sealed, bytes):
            return None
        try:
            found = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        place, value = found
        return value if place == name else None


def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"auth0-sso {purpose}".encode()).derive(secret.encode())
