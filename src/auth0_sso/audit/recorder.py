"""Makes the records of one process and gives them to a sink."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from auth0_sso.audit.record import Actor, AuditRecord, Outcome, RecordIds, Request, utc
from auth0_sso.audit.trail import AuditSink
from auth0_sso.audit.values import bounded_details, bounded_text
from auth0_sso.clock import SYSTEM_CLOCK, Clock

_log = logging.getLogger(__name__)

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_UNKNOWN: Final = Actor()
_NO_REQUEST: Final = Request()
_MAX_METHOD: Final = 16


class Recorder:
    """Writes records with the time and an id, all texts of limited length. It raises nothing."""

    def __init__(self, sink: AuditSink, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take where the records go, and the clock."""
        self._sink = sink
        self._clock = clock
        self._ids = RecordIds()

    def write(
        self,
        action: str,
        outcome: Outcome,
        *,
        reason: str | None = None,
        code: str | None = None,
        actor: Actor = _UNKNOWN,
        request: Request = _NO_REQUEST,
        target: str | None = None,
        target_kind: str = "user",
        details: Mapping[str, object] = _NOTHING,
    ) -> None:
        """Write one record; the parameters are those of `AuditRecord`. The actor's issuer is added to the details."""
        if actor.issuer is not None:
            details = {**details, "issuer": actor.issuer}
        now = self._clock.wall()
        try:
            self._sink.write(
                AuditRecord(
                    id=self._ids.next(now),
                    time=utc(now),
                    action=action,
                    outcome=outcome,
                    reason=bounded_text(reason),
                    code=bounded_text(code),
                    actor=_bounded_actor(actor),
                    request=_bounded_request(request),
                    target=bounded_text(target),
                    target_kind=target_kind,
                    details=bounded_details(details),
                )
            )
        except Exception:  # noqa: BLE001 - a sink of the app's own may raise anything, and the request goes on
            _log.exception("an audit record of %s could not be written", action)


def _bounded_actor(actor: Actor) -> Actor:
    return Actor(
        bounded_text(actor.subject),
        bounded_text(actor.client_id),
        bounded_text(actor.organization),
        bounded_text(actor.address),
        bounded_text(actor.issuer),
    )


def _bounded_request(request: Request) -> Request:
    return Request(
        bounded_text(request.id),
        bounded_text(request.trace_id),
        bounded_text(request.method, _MAX_METHOD),
        bounded_text(request.route),
    )
