"""Secrets that change while the app runs: their files are read again, and the new values are used."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, Protocol

from pydantic import SecretStr

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.oauth.proofs import Proofs, sealing_secrets
from auth0_sso.resilience.single_flight import SingleFlight
from auth0_sso.settings import Settings
from auth0_sso.settings.secret_files import TOKENS, Reading, Signature, changes_credentials, read, signature

_log = logging.getLogger(__name__)

_INTERVAL: Final = 5.0
"""How often the files are looked at, in seconds."""

_SETTLE_SECONDS: Final = 0.25
"""How long the files must not have changed before they are read: one that is written in place is empty meanwhile."""

_MAX_SETTLE: Final = 20
_STORE: Final = "rate_limit_storage_url"


class MovableStore(Protocol):
    """The shared store, for code that changes its address. Its class needs the package redis."""

    async def move_to(self, url: str) -> None:
        """Use another address, if the store takes writes there; raises `StoreUnavailableError` if not."""


class SealingKeys(Protocol):
    """What shared values are sealed with. Its class needs the package redis."""

    def replace(self, secrets: Sequence[str]) -> None:
        """Take the secrets that are listed from now on."""


class SecretRotation:
    """Reads the secrets again when their files have changed, and gives them to the parts that use them.

    A secret that cannot be used is logged once, without its value, and the former one stays in use.
    """

    def __init__(
        self,
        settings: Settings,
        proofs: Proofs,
        *,
        store: MovableStore | None = None,
        keyring: SealingKeys | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the settings as they were read, and what is made of them: what the client authenticates with, the
        store of several processes, and what seals the values there.

        `clock` has the pauses between looks at the files.
        """
        self._settings = settings
        self._proofs = proofs
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []
        self._token_listeners: dict[str, Callable[[SecretStr], None]] = {}
        self._seen: Signature | None = None  # what was read before the first look may have changed since
        self._logged: tuple[str, ...] = ()
        self._flight: SingleFlight[str, None] = SingleFlight()

    def on_new_proofs(self, listener: Callable[[], None]) -> None:
        """Call it each time that the Management client has other secrets or keys."""
        self._listeners.append(listener)

    def on_new_token(self, name: str, listener: Callable[[SecretStr], None]) -> None:
        """Call it with `auth0_events_token` or `auth0_logs_token` each time that the setting has changed."""
        self._token_listeners[name] = listener

    async def keep_reading(self) -> NoReturn:
        """Read changed files, every five seconds, until this is cancelled."""
        while True:
            try:
                await self.reread()
            except Exception:  # noqa: BLE001 - an unexpected error must not end the rotation
                _log.exception("reading secrets again failed with an unexpected error")
            await self._clock.sleep(_INTERVAL)

    async def reread(self) -> None:
        """Read the secrets if a file has changed since they were read, and use them."""
        if self._settings.is_rereadable:
            await self._flight.run("files", self._read_changed)

    async def aclose(self) -> None:
        """Cancel a reading in progress."""
        await self._flight.aclose()

    async def _read_changed(self) -> None:
        seen = await asyncio.to_thread(signature)
        if seen == self._seen:
            return
        if self._seen is not None:
            seen = await self._settled(seen)
        reading = await asyncio.to_thread(read, self._settings)
        faults = (*reading.faults, *await self._use(reading))
        self._seen = seen if faults == reading.faults else None
        if faults and faults != self._logged:
            _log.error(
                "secrets were read again, and the old value stays where the new one cannot be used: %s",
                " ".join(faults),
            )
        self._logged = faults

    async def _settled(self, seen: Signature) -> Signature:
        """Wait until the files have not changed for a moment."""
        for _ in range(_MAX_SETTLE):
            await self._clock.sleep(_SETTLE_SECONDS)
            before, seen = seen, await asyncio.to_thread(signature)
            if before == seen:
                break
        return seen

    async def _use(self, reading: Reading) -> tuple[str, ...]:
        """Give the new values to the parts that use them; return why one is not used yet."""
        former, self._settings = self._settings, reading.settings
        if changes_credentials(reading):
            self._use_credentials()
        for name in TOKENS:
            if name.upper() in reading.changed and name in self._token_listeners:
                self._token_listeners[name](getattr(self._settings, name))
        faults: tuple[str, ...] = ()
        if self._store is not None and _STORE.upper() in reading.changed:
            faults = await self._move_store(self._store, former)
        used = [name for name in reading.changed if not faults or name != _STORE.upper()]
        if used:
            _log.info("secrets were read again and are used now: %s", ", ".join(used))
        return faults

    def _use_credentials(self) -> None:
        proofs = proofs_of(self._settings)
        self._proofs.replace(proofs)
        if self._keyring is not None:
            self._keyring.replace(sealing_secrets(proofs))
        for listener in self._listeners:
            listener()

    async def _move_store(self, store: MovableStore, former: Settings) -> tuple[str, ...]:
        """Use the store at its new address if it takes writes there, else the former one, and try again."""
        try:
            await store.move_to(self._settings.rate_limit_storage_url.get_secret_value())
        except StoreUnavailableError as error:
            self._settings = self._settings.model_copy(update={_STORE: former.rate_limit_storage_url})
            return (f"{_STORE.upper()} has an address or a password with which the store fails: {error.reason}.",)
        return ()
