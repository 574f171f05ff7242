"""The last JWK Set in a file, so that a service which restarts during an outage of the issuer can verify tokens.

Anyone who can write this file can sign tokens: a file or directory that other users can write is not used.
"""

import asyncio
import json
import logging
from pathlib import Path

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.jwks import private_file
from auth0_sso.jwks.key_store import StoredKeys
from auth0_sso.tokens import strict_json

_log = logging.getLogger(__name__)

_MAX_BYTES = 4 * 1024 * 1024  # more than the usable keys of the largest accepted JWK Set


class JwksFile:
    """A `KeyStore` in one file, which is replaced at each save."""

    def __init__(self, path: Path, issuer: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the path of the file, the issuer of the keys, and the clock."""
        self._path = path
        self._issuer = issuer
        self._clock = clock

    async def load(self) -> StoredKeys | None:
        """Return the keys in the file; None if there is no file, and also a log line if it is unsafe or malformed."""
        try:
            data = await asyncio.to_thread(private_file.read, self._path, _MAX_BYTES)
            return StoredKeys.from_json(strict_json.loads(data), self._issuer, self._clock.wall())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("the signing keys file %s is not used: %s", self._path, _why(error))
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the file; if that fails, keep it and log why."""
        saved = json.dumps(keys.as_json(self._issuer, self._clock.wall())).encode()
        try:
            await asyncio.to_thread(private_file.replace, self._path, saved)
        except (OSError, private_file.UnsafeFileError) as error:
            _log.warning("the signing keys file %s is not written: %s", self._path, _why(error))


def _why(error: Exception) -> str:
    return error.strerror or "unknown" if isinstance(error, OSError) else str(error)
