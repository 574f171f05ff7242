"""The deny list: which sessions have ended, and of which users older tokens are refused.

Each process has all of it in memory, so that a request asks no store. An entry is kept for the longest life of an
access token: after that no token is left that it could refuse.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.tokens.claims import AccessToken

_log = logging.getLogger(__name__)

MAX_ENTRIES: Final = 500_000
"""About 150 MB. Beyond it the oldest are dropped, and the log says so."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """What ends: the tokens of a session where it has an id, else those of the subject up to `before`."""

    issuer: str
    before: float
    """In seconds since 1970: a token issued in this second or earlier is refused, one of a later login passes."""
    subject: str | None = None
    session_id: str | None = None


_Key = tuple[str, str, str]


class DenyList:
    """The revocations of which tokens may still be alive."""

    def __init__(self, lifetime: float, *, session_claim: str | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the longest life of an access token in seconds, and the claim that has its session's id.

        Without the claim a session's end revokes all older tokens of its user.
        """
        self._lifetime = lifetime
        self._session_claim = session_claim
        self._clock = clock
        self._entries: OrderedDict[_Key, tuple[float, float]] = OrderedDict()
        self._watchers: dict[_Key, dict[object, Callable[[], object]]] = {}
        self._is_full = False

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Revocation]:
        """Return the entries that have not expired."""
        now = self._clock.wall()
        for (kind, issuer, name), (before, until) in self._entries.items():
            if until > now:
                session, subject = (name, None) if kind == "session" else (None, name)
                yield Revocation(issuer, before, subject, session)

    def add(self, revocation: Revocation) -> bool:
        """Refuse tokens from now on; return False for what is known already.

        A revocation of a session without a subject does nothing where tokens do not say their session.
        """
        key = self._key(revocation)
        if key is None:
            return False
        known = self._entries.get(key)
        if known is not None and known[0] >= revocation.before:
            return False
        self._remove_expired()
        self._entries[key] = revocation.before, revocation.before + self._lifetime
        self._entries.move_to_end(key)
        for callback in tuple(self._watchers.get(key, {}).values()):
            callback()
        return True

    def revokes(self, token: AccessToken) -> bool:
        """Return whether a token is refused."""
        return bool(self._entries) and any(self._is_denied(key, token) for key in self._keys_of(token))

    def watch(self, token: AccessToken, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` once the token's session or user is revoked; return what ends that."""
        place = object()
        keys = tuple(self._keys_of(token))

        def call() -> None:
            if self.revokes(token):
                callback()

        for key in keys:
            self._watchers.setdefault(key, {})[place] = call

        def end() -> None:
            for key in keys:
                watchers = self._watchers.get(key, {})
                watchers.pop(place, None)
                if not watchers:
                    self._watchers.pop(key, None)

        return end

    def _is_denied(self, key: _Key, token: AccessToken) -> bool:
        entry = self._entries.get(key)
        return entry is not None and (key[0] == "session" or token.issued_at <= entry[0])

    def _key(self, revocation: Revocation) -> _Key | None:
        if revocation.session_id is not None and self._session_claim is not None:
            return "session", revocation.issuer, revocation.session_id
        return None if revocation.subject is None else ("subject", revocation.issuer, revocation.subject)

    def _keys_of(self, token: AccessToken) -> Iterator[_Key]:
        yield "subject", token.issuer, token.subject
        session_id = None if self._session_claim is None else token.claims.get(self._session_claim)
        if isinstance(session_id, str):
            yield "session", token.issuer, session_id

    def _remove_expired(self) -> None:
        now = self._clock.wall()
        while self._entries:
            key, (_, until) = next(iter(self._entries.items()))
            full = len(self._entries) >= MAX_ENTRIES
            if until > now and not full:
                return
            if until > now and not self._is_full:
                self._is_full = True
                _log.error("the deny list is full: its oldest entries are dropped before their tokens expire")
            del self._entries[key]
