"""The audit trail in routes: an action is recorded with who did it, to whom, and how it ended."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from starlette.exceptions import HTTPException

from auth0_sso.audit.actors import actor_of
from auth0_sso.audit.record import Outcome, Request
from auth0_sso.audit.recorder import Recorder
from auth0_sso.errors import Auth0SsoError, CallerError, ManagementNotConfiguredError, ManagementRefusedError
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.middleware.trace_context import trace_id_for

_log = logging.getLogger(__name__)

BEFORE_TIMEOUT: Final = 2.0
"""Seconds in which the state before an action is read; after that it is unknown, and the action goes on."""

UNKNOWN: Final = "unknown"
"""The state before, where it could not be read."""

_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_NAME: Final = 64

# Auth0 did nothing: it was not asked, or it refused.
_NOT_DONE: Final = (CallerError, ManagementRefusedError, ManagementNotConfiguredError)


@dataclass(slots=True)
class AuditedAction:
    """An action while it is carried out. What is set here is recorded at its end."""

    target: str | None
    """The id of what it is done to."""
    details: dict[str, object] = field(default_factory=dict)
    """JSON values, never a secret: `before`, `after`, and what else there is to know."""


class RequestAudit:
    """The audit trail, for the actions of one request. Where no audit is set up, nothing is recorded."""

    def __init__(self, recorder: Recorder | None, connection: HTTPConnection) -> None:
        """Take what writes the records, and the request."""
        self._recorder = recorder
        self._connection = connection

    @property
    def is_on(self) -> bool:
        """Whether actions are recorded."""
        return self._recorder is not None

    @asynccontextmanager
    async def action(
        self,
        name: str,
        *,
        target: str | None = None,
        target_kind: str = "user",
        before: Callable[[], Awaitable[object]] | None = None,
        **details: object,
    ) -> AsyncIterator[AuditedAction]:
        """Record what the block does: how it ended, and who sent the request.

        `name` is in lower case with hyphens, such as `refund-order`. `target` is the id of a user, or of what
        `target_kind` says. `before` reads the state before: it is called only where actions are recorded, and if it
        fails or takes more than two seconds that state is `unknown`, and the block runs all the same. `details` are
        JSON values.

        The outcome is `success`; `failure` for an exception that says that nothing was done: a `CallerError`, an
        `HTTPException` below 500, invalid input; and `unknown` for any other exception, such as a timeout.

        Raises `ValueError` for a name that is not spelled so.
        """
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            raise ValueError("an action is named in lower case with hyphens, such as refund-order")
        action = AuditedAction(target, dict(details))
        if self._recorder is None:
            yield action
            return
        if before is not None:
            action.details["before"] = await _read(before, name)
        end: BaseException | None = None
        try:
            yield action
        except BaseException as error:
            end = error
            raise
        finally:
            self._write(self._recorder, name, action, target_kind, end)

    def _write(
        self, recorder: Recorder, name: str, action: AuditedAction, target_kind: str, end: BaseException | None
    ) -> None:
        scope = self._connection.scope
        context = RequestContext.of(scope)
        outcome, reason, code = _end_of(end)
        recorder.write(
            name,
            outcome,
            reason=reason,
            code=code,
            actor=actor_of(scope, context.token, tenant="" if context.services is None else context.services.tenant),
            request=Request(context.request_id, trace_id_for(scope), scope.get("method"), route_path(scope)),
            target=action.target,
            target_kind=target_kind,
            details=action.details | _request_id_of(end),
        )


async def _read(before: Callable[[], Awaitable[object]], name: str) -> object:
    try:
        async with asyncio.timeout(BEFORE_TIMEOUT):
            return await before()
    except (Auth0SsoError, TimeoutError) as error:
        reason = error.reason if isinstance(error, Auth0SsoError) else "timeout"
        _log.warning("the state before %s is not known: %s", name, reason)
    except Exception:  # noqa: BLE001 - an app's own function; the action is more important than its record
        _log.exception("the state before %s could not be read", name)
    return UNKNOWN


def _request_id_of(error: BaseException | None) -> dict[str, object]:
    """Return the detail that finds a failed call in Auth0's own log."""
    answer = error.answer if isinstance(error, Auth0SsoError) else None
    return {} if answer is None or answer.request_id is None else {"auth0_request_id": answer.request_id}


def _end_of(error: BaseException | None) -> tuple[Outcome, str | None, str | None]:
    """Return outcome, reason and code of an action that ended in an exception, or in none."""
    match error:
        case None:
            return "success", None, None
        case Auth0SsoError():
            return "failure" if isinstance(error, _NOT_DONE) else "unknown", error.reason, error.code
        case RequestValidationError():
            return "failure", "invalid_input", "invalid_input"
        case HTTPException():
            return "failure" if error.status_code < 500 else "unknown", f"status_{error.status_code}", None
        case asyncio.CancelledError():
            return "unknown", "cancelled", None
        case _:
            return "unknown", "unexpected", Auth0SsoError.code


async def get_audit(connection: HTTPConnection) -> RequestAudit:
    """Return the audit trail for the actions of a request."""
    audit = services_of(connection).audit
    return RequestAudit(None if audit is None else audit.recorder, connection)


Audit = Annotated[RequestAudit, Depends(get_audit)]
"""The audit trail, for the actions of a route."""
