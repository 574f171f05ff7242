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
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IWGRP, S_IWOTH
from typing import Protocol

from auth0_sso.tokens import strict_json

_log = logging.getLogger(__name__)

_MAX_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """A JWK Set as it was fetched `age` seconds ago, to be kept for `max_age` seconds from then."""

    document: object = field(repr=False)
    max_age: float
    age: float = 0


class KeyStore(Protocol):
    """Keeps one issuer's last good JWK Set beyond the life of the process. Neither call raises."""

    async def load(self) -> StoredKeys | None:
        """Return what was saved last, or None where there is nothing to be believed."""

    async def save(self, keys: StoredKeys) -> None:
        """Keep a set that was fetched just now."""


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
            return self._stored(await asyncio.to_thread(self._read))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            _log.warning("the file of signing keys is not used: %s", why)
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the file; that it cannot be is logged and changes nothing."""
        saved = {"issuer": self._issuer, "savedAt": self._clock(), "maxAge": keys.max_age, "jwks": keys.document}
        try:
            await asyncio.to_thread(self._replace, json.dumps(saved).encode())
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

    def _stored(self, data: bytes) -> StoredKeys:
        saved = strict_json.loads(data)
        if not isinstance(saved, dict) or saved.get("issuer") != self._issuer:
            raise ValueError("it holds another issuer's keys")
        saved_at, max_age = saved.get("savedAt"), saved.get("maxAge")
        if not isinstance(saved_at, (int, float)) or not isinstance(max_age, (int, float)) or max_age < 0:
            raise ValueError("it does not say how old it is")
        age = self._clock() - saved_at
        if age < 0:
            raise ValueError("it is of the future: check the clock")
        return StoredKeys(saved.get("jwks"), max_age, age)
