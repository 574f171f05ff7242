"""The last good JWK Set on disk, so that a service which restarts while the issuer is away still verifies.

Who can write this file can sign tokens: a file or directory that others could have written is not used.
"""

import asyncio
import json
import logging
from pathlib import Path

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.jwks import private_file
from auth0_sso.jwks.stores import StoredKeys
from auth0_sso.tokens import strict_json

_log = logging.getLogger(__name__)

_MAX_BYTES = 4 * 1024 * 1024  # above what the usable keys of the largest JWK Set that is read can take


class JwksFile:
    """A `KeyStore` of one file, replaced whole at each save."""

    def __init__(self, path: Path, issuer: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the file, the issuer whose keys it holds, and the clock."""
        self._path = path
        self._issuer = issuer
        self._clock = clock

    async def load(self) -> StoredKeys | None:
        """Return what the file says, or None, logged, where it is missing, unsafe, foreign or unreadable."""
        try:
            data = await asyncio.to_thread(private_file.read, self._path, _MAX_BYTES)
            return StoredKeys.read(strict_json.loads(data), self._issuer, self._clock.wall())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("the signing keys file %s is not used: %s", self._path, _why(error))
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the file; that it cannot be is logged and changes nothing."""
        saved = json.dumps(keys.written(self._issuer, self._clock.wall())).encode()
        try:
            await asyncio.to_thread(private_file.replace, self._path, saved)
        except (OSError, private_file.UnsafeFileError) as error:
            _log.warning("the signing keys file %s is not written: %s", self._path, _why(error))


def _why(error: Exception) -> str:
    return error.strerror or "unknown" if isinstance(error, OSError) else str(error)
