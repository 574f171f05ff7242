"""The last good JWK Set on disk, so that a service which restarts while the issuer is away still verifies.

Whoever can write this file can sign tokens: it is made readable and writable by its owner alone, and a file that
others may write is not believed.
"""

import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from stat import S_IWGRP, S_IWOTH

from auth0_sso.tenant.key_store import StoredKeys
from auth0_sso.tokens import strict_json

_log = logging.getLogger(__name__)

_MAX_BYTES = 128 * 1024


class JwksFile:
    """A `KeyStore` of one file, replaced whole at each save."""

    def __init__(self, path: Path, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        """Take the file, the issuer whose keys it holds, and a clock in seconds since 1970."""
        self._path = path
        self._issuer = issuer
        self._clock = clock

    async def load(self) -> StoredKeys | None:
        """Return what the file says, or None, logged, where it is missing, unsafe, foreign or unreadable."""
        try:
            data = await asyncio.to_thread(self._read)
            return StoredKeys.read(strict_json.loads(data), self._issuer, self._clock())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            _log.warning("the file of signing keys is not used: %s", why)
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the file; that it cannot be is logged and changes nothing."""
        saved = json.dumps(keys.written(self._issuer, self._clock())).encode()
        try:
            await asyncio.to_thread(self._replace, saved)
        except OSError as error:
            _log.warning("the file of signing keys cannot be written: %s", error.strerror)

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            if self._path.stat().st_mode & (S_IWGRP | S_IWOTH):
                raise ValueError("others than its owner may write it")
            return file.read(_MAX_BYTES)

    def _replace(self, data: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=self._path.name, delete=False) as file:
            try:
                file.write(data)
                file.close()
                Path(file.name).replace(self._path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
