"""From events to audit records: refusals, changes of the key set, outages, and ended sessions."""

from collections.abc import Mapping
from typing import Final

from auth0_sso.audit.actors import actor_of
from auth0_sso.audit.record import Request
from auth0_sso.audit.recorder import Recorder
from auth0_sso.audit.repeats import PERIOD, Repeats
from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDPoPProofError,
    InvalidLogoutTokenError,
    InvalidRequestError,
    InvalidTokenError,
    RateLimitedError,
    UseDPoPNonceError,
)
from auth0_sso.events import EventHandlers, KeysChanged, OutageBegan, OutageEnded, RequestRefused, TokensRevoked

_MAX_KID: Final = 64


class AuditObserver(EventHandlers):
    """An `Observer` that records what the audit trail is to have. Refusals that are alike are counted.

    What is wrong with a token, and spent rate limits, can come by the thousand: `write_repeats`, called once in
    each `PERIOD`, records how often. Denied access is recorded each time.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Take what writes the records."""
        self._recorder = recorder
        self._repeats = Repeats()
        self.handlers = {
            RequestRefused: self._refused,
            KeysChanged: self._keys_changed,
            OutageBegan: self._outage_began,
            OutageEnded: self._outage_ended,
            TokensRevoked: self._tokens_revoked,
        }

    def write_repeats(self) -> None:
        """Record how often requests were refused again for the same reason since the last call."""
        for each in self._repeats.flush():
            details = {"count": each.count, "period_seconds": PERIOD}
            self._recorder.write(
                each.action, "failure", reason=each.reason, code=each.code, actor=each.actor, details=details
            )

    def _refused(self, event: RequestRefused) -> None:
        action, error = action_of(event.error), event.error
        if action is None:
            return
        client_id = error.client_id if isinstance(error, InvalidTokenError | InvalidDPoPProofError) else None
        actor = actor_of(event.scope, event.caller, client_id=client_id, tenant=event.tenant)
        if action == "access-denied" or self._repeats.is_first(action, error.reason, error.code, actor):
            self._recorder.write(
                action,
                "failure",
                reason=error.reason,
                code=error.code,
                actor=actor,
                request=Request(event.request_id, event.trace_id, event.scope.get("method"), event.route),
                details=_details_of(error),
            )

    def _keys_changed(self, event: KeysChanged) -> None:
        details = {"added": event.added, "removed": event.removed} | _issuer_of(event)
        self._recorder.write("keys-changed", "success", details=details)

    def _outage_began(self, event: OutageBegan) -> None:
        details = {"component": event.component} | _issuer_of(event)
        self._recorder.write("outage-began", "failure", reason=event.reason, details=details)

    def _outage_ended(self, event: OutageEnded) -> None:
        details = {"component": event.component} | _issuer_of(event)
        self._recorder.write("outage-ended", "success", details=details)

    def _tokens_revoked(self, event: TokensRevoked) -> None:
        if event.cause == "admin":
            return  # a route of /admin records what it does itself
        details = {"cause": event.cause} | ({} if event.session_id is None else {"session_id": event.session_id})
        details |= {"issuer": event.tenant} if event.tenant else {}
        self._recorder.write("tokens-revoked", "success", target=event.subject, details=details)


def _issuer_of(event: KeysChanged | OutageBegan | OutageEnded) -> dict[str, str]:
    return {"issuer": event.issuer} if event.issuer else {}


def action_of(error: Auth0SsoError) -> str | None:
    """Return the action that a refusal is recorded as; None for one that is not.

    A request without a token or a nonce is no attempt, and what Auth0 cannot do is recorded as an outage.
    """
    match error:
        case UseDPoPNonceError():
            return None
        case InvalidTokenError() | InvalidDPoPProofError() | InvalidRequestError() | InvalidLogoutTokenError():
            return "token-refused"
        case InsufficientScopeError() | InsufficientUserAuthenticationError():
            return "access-denied"
        case RateLimitedError():
            return "rate-limited"
        case _:
            return None


def _details_of(error: Auth0SsoError) -> Mapping[str, object]:
    match error:
        case InvalidTokenError(key_id=str(key_id)):
            return {"kid": printable_kid(key_id)}
        case InsufficientScopeError() if missing := error.scopes or error.roles or error.asked_for:
            return {"missing": missing}
        case InsufficientUserAuthenticationError() if missing := _asked_of_login(error):
            return {"missing": missing}
        case RateLimitedError(limit=str(limit)):
            return {"limit": limit}
        case _:
            return {}


def _asked_of_login(error: InsufficientUserAuthenticationError) -> tuple[str, ...]:
    """Return the parameters of the challenge (RFC 9470 section 3)."""
    acr = (f"acr_values={' '.join(error.acr_values)}",) if error.acr_values else ()
    age = () if error.max_age is None else (f"max_age={error.max_age}",)
    return acr + age


def printable_kid(key_id: str) -> str:
    """Return a `kid` that is not verified: cut to 64 characters, with `?` for all but printable ASCII."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in key_id[:_MAX_KID])
