"""Values in the shared store that only this service's own processes can read, make or move.

Who can write the store could otherwise grant roles and sign tokens. The keys come from a secret that every process
has anyway (`store.keyring`); the seal is Fernet's: AES-CBC under an HMAC. A sealed value begins with its key's id.
"""

import json
import logging
import re
from hashlib import blake2b
from typing import Final

from cryptography.fernet import InvalidToken

from auth0_sso.store.commands import KEY_PREFIX
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.store import RedisStore

_log = logging.getLogger(__name__)

_SEALED: Final = re.compile(rb"([0-9a-f]{8})\.gAAAA")
"""How a value begins: the id of its key, then the version of a Fernet token."""

_MAX_WARNINGS: Final = 4


class SealedStore:
    """A shared store whose values are sealed, in places whose names do not change with the secret."""

    def __init__(self, store: RedisStore, keyring: Keyring) -> None:
        """Take the store, and the keys of its values."""
        self.store = store
        self.keyring = keyring
        self._unknown: set[bytes] = set()

    def name(self, kind: str, *parts: str) -> str:
        """Return the key under which something is kept; `parts` go into it as a hash (RFC 7693).

        A name hides nothing from who guesses its parts. The names of counts have subjects in them as they are.
        """
        digest = blake2b(json.dumps([self.keyring.purpose, *parts]).encode(), digest_size=16)
        return f"{KEY_PREFIX}:{kind}:{digest.hexdigest()}"

    def seal(self, name: str, value: object) -> bytes:
        """Seal a JSON value for the place `name`."""
        key = self.keyring.sealing
        return key.id + b"." + key.fernet.encrypt(json.dumps([name, value]).encode())

    def unseal(self, name: str, sealed: object) -> object | None:
        """Return what was sealed for exactly this place, or None for anything else."""
        if not isinstance(sealed, bytes):
            return None
        key_id, _, token = sealed.partition(b".")
        key = self.keyring.find(key_id)
        if key is None:
            if self.has_unknown_key(sealed):
                self._warn_of(key_id)
            return None
        try:
            found = json.loads(key.fernet.decrypt(token))
        except InvalidToken:
            return None
        place, value = found
        return value if place == name else None

    def has_unknown_key(self, sealed: object) -> bool:
        """Return whether it looks like a value that a process with another secret has sealed."""
        found = _SEALED.match(sealed) if isinstance(sealed, bytes) else None
        return found is not None and self.keyring.find(found[1]) is None

    def _warn_of(self, key_id: bytes) -> None:
        """Log it once for each key; of many, as only a forger makes them, the first few."""
        if key_id not in self._unknown and len(self._unknown) < _MAX_WARNINGS:
            self._unknown.add(key_id)
            _log.warning(
                "the shared store has values that were sealed with a secret this process does not have: until all "
                "replicas have the same Management client secrets, they share less and ask Auth0 more often"
            )
