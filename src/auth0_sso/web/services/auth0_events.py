"""Auth0's Event Streams: a user who is blocked or deleted, or loses a role, loses access here at once.

An event that is sent again changes nothing: what it revokes are the tokens issued until its own time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidInputError, InvalidTokenError
from auth0_sso.http import lenient_json
from auth0_sso.revocation.deny_list import Revocation
from auth0_sso.settings import Settings
from auth0_sso.web.services.revocations import Revocations
from auth0_sso.web.services.webhook import Webhook, called_webhook

_OF_MEMBERS: Final = frozenset(
    {"organization.member.deleted", "organization.member.role.deleted", "organization.member.role.assigned"}
)
_KNOWN: Final = _OF_MEMBERS | {"user.deleted", "user.updated"}
_MAX_TEXT: Final = 512


class CloudEvent(NamedTuple):
    """What is read of an event (CloudEvents 1.0, Auth0: "Event types")."""

    type: str
    time: float
    """When it happened, in seconds since 1970."""
    object: Mapping[str, object]


class Auth0Events(Webhook):
    """Takes the events of a tenant's stream, whose webhook sends the token that its settings name."""

    def __init__(self, settings: Settings, revocations: Revocations, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take what revokes access tokens and drops cached roles."""
        super().__init__(settings.auth0_events_token)
        self._issuer = settings.issuer
        self._revocations = revocations
        self._clock = clock

    async def take(self, body: bytes) -> None:
        """Carry out an event; one of another type is ignored. Raises `InvalidInputError` for what is no event."""
        event = _parsed(body)
        if event is None:
            return
        if event.type == "user.deleted" or (event.type == "user.updated" and event.object.get("blocked") is True):
            before = min(event.time, self._clock.wall())
            revocation = Revocation(self._issuer, before, _text(event.object, "user_id"))
            await self._revocations.revoke(revocation, "event")
        elif event.type == "user.updated":
            await self._revocations.invalidate(_text(event.object, "user_id"))
        else:
            await self._revocations.invalidate(_text(_object(event.object, "user"), "user_id"))


def event_stream(streams: Iterable[Auth0Events], authorization: Sequence[bytes]) -> Auth0Events:
    """Return the stream whose token a request has, given the values of all its Authorization headers.

    Raises `MissingTokenError`, `InvalidRequestError` or `InvalidTokenError`.
    """
    refused = InvalidTokenError("events_token_mismatch", "This is not the token of the event stream.")
    return called_webhook(streams, authorization, refused)


def _parsed(body: bytes) -> CloudEvent | None:
    """Return an event; None for a test, or one of a type that has no effect here."""
    try:
        event = lenient_json.loads(body)
    except lenient_json.LenientJsonError:
        raise _malformed() from None
    if not isinstance(event, dict):
        raise _malformed()
    _text(event, "id")
    time = _seconds(_text(event, "time"))
    kind = _text(event, "type")
    if kind not in _KNOWN or event.get("a0purpose") == "test":
        return None
    return CloudEvent(kind, time, _object(_object(event, "data"), "object"))


def _seconds(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _malformed() from None
    if time.tzinfo is None:
        raise _malformed()
    return time.timestamp()


def _object(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = value.get(name)
    if not isinstance(found, dict):
        raise _malformed()
    return found


def _text(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= _MAX_TEXT or not found.isprintable():
        raise _malformed()
    return found


def _malformed() -> InvalidInputError:
    return InvalidInputError("This is not an event of Auth0's Event Streams.", reason="event_malformed")
