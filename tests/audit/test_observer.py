from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from auth0_sso.audit.observer import AuditObserver
from auth0_sso.audit.record import Actor, AuditRecord, Request
from auth0_sso.audit.recorder import Recorder
from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDPoPProofError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    MissingTokenError,
    NotFoundError,
    RateLimitedError,
    UseDPoPNonceError,
)
from auth0_sso.events import KeysChanged, OutageBegan, OutageEnded, RequestRefused, RequestServed, TokensRevoked
from auth0_sso.testing.clock import HandClock
from support.audit_sink import KeptRecords

SCOPE: Mapping[str, object] = {"type": "http", "method": "GET", "client": ("192.0.2.7", 4711)}


@dataclass
class Observed:
    observer: AuditObserver
    sink: KeptRecords

    def refuse(self, error: Auth0SsoError, scope: Mapping[str, object] = SCOPE) -> None:
        self.observer(RequestRefused(scope, error))

    @property
    def records(self) -> list[AuditRecord]:
        return self.sink.records


@dataclass(frozen=True)
class Ann:
    subject: str = "auth0|ann"
    client_id: str | None = "client-1"
    organization: str | None = "org_1"


@pytest.fixture
def observed(clock: HandClock) -> Observed:
    sink = KeptRecords()
    return Observed(AuditObserver(Recorder(sink, clock=clock)), sink)


def refused_token(*, kid: str | None = None, client_id: str | None = None) -> InvalidTokenError:
    error = InvalidTokenError("expired", "The access token has expired.")
    error.key_id, error.client_id = kid, client_id
    return error


def test_a_refused_token_is_recorded_with_reason_kid_client_and_address(observed: Observed) -> None:
    observed.refuse(refused_token(kid="key-1", client_id="client-1"))
    record = observed.sink.only()
    assert (record.action, record.outcome, record.reason, record.code) == (
        "token-refused",
        "failure",
        "expired",
        "invalid_token",
    )
    assert record.actor == Actor(client_id="client-1", address="192.0.2.7")
    assert record.details == {"kid": "key-1"}


def test_a_kid_that_is_not_verified_is_cut_and_printable(observed: Observed) -> None:
    observed.refuse(refused_token(kid="a\nb\N{SNOWMAN}" + "x" * 200))
    assert observed.sink.only().details == {"kid": "a?b?" + "x" * 60}


def test_denied_access_names_the_caller_the_route_and_what_was_missing(observed: Observed) -> None:
    error = InsufficientScopeError("permission_missing", "No.", scopes=("read:orders",))
    observed.observer(
        RequestRefused(SCOPE, error, caller=Ann(), route="/orders/{id}", request_id="req-1", trace_id="ab" * 16)
    )
    record = observed.sink.only()
    assert (record.action, record.reason, record.code) == (
        "access-denied",
        "permission_missing",
        "insufficient_scope",
    )
    assert record.actor == Actor("auth0|ann", "client-1", "org_1", "192.0.2.7")
    assert record.request == Request("req-1", "ab" * 16, "GET", "/orders/{id}")
    assert record.details == {"missing": ("read:orders",)}


def test_missing_roles_are_named(observed: Observed) -> None:
    error = InsufficientScopeError("role_missing", "No.")
    error.roles = ("admin", "manager")
    observed.refuse(error)
    assert observed.sink.only().details == {"missing": ("admin", "manager")}


def test_denied_access_is_recorded_each_time(observed: Observed) -> None:
    for _ in range(50):
        observed.refuse(InsufficientScopeError("role_missing", "No."))
    observed.observer.write_repeats()
    assert observed.sink.actions == ["access-denied"] * 50


def test_a_flood_of_refused_tokens_leaves_two_records_in_a_period(observed: Observed) -> None:
    for number in range(10_000):
        observed.refuse(refused_token(kid=f"key-{number}"))
    observed.observer.write_repeats()
    first, repeated = observed.records
    assert first.details == {"kid": "key-0"}
    assert (repeated.action, repeated.reason, repeated.actor) == ("token-refused", "expired", first.actor)
    assert repeated.details == {"count": 9_999, "period_seconds": 60.0}


def test_a_replayed_proof_is_a_refused_token_and_names_the_client(observed: Observed) -> None:
    error = InvalidDPoPProofError("dpop_replayed", "It was used already.")
    error.client_id = "client-1"
    observed.refuse(UseDPoPNonceError("dpop_nonce_missing", "nonce"))
    observed.refuse(error)
    record = observed.sink.only()
    assert (record.action, record.reason, record.code) == ("token-refused", "dpop_replayed", "invalid_dpop_proof")
    assert record.actor == Actor(client_id="client-1", address="192.0.2.7")


def test_a_spent_rate_limit_is_recorded_with_its_policy(observed: Observed) -> None:
    error = RateLimitedError(retry_after=3)
    error.limit = "10/minute"
    observed.refuse(error)
    observed.refuse(RateLimitedError(retry_after=3, reason="authentication_failures"))
    assert observed.sink.actions == ["rate-limited", "rate-limited"]
    assert [record.details for record in observed.records] == [{"limit": "10/minute"}, {}]


def test_a_malformed_authorization_header_is_a_refused_token(observed: Observed) -> None:
    observed.refuse(InvalidRequestError("No.", reason="authorization_repeated"))
    assert observed.sink.actions == ["token-refused"]


@pytest.mark.parametrize(
    "error",
    [MissingTokenError("No."), NotFoundError("No."), KeysUnavailableError("timeout", retry_after=1)],
    ids=lambda error: error.code,
)
def test_other_problems_are_not_recorded(observed: Observed, error: Auth0SsoError) -> None:
    observed.refuse(error)
    assert observed.records == []


def test_a_websocket_without_address_is_recorded_without_method(observed: Observed) -> None:
    observed.refuse(refused_token(), {"type": "websocket", "client": None})
    assert (observed.sink.only().request.method, observed.sink.only().actor) == (None, Actor())


def test_key_changes_and_outages_are_recorded(observed: Observed) -> None:
    observed.observer(KeysChanged(added=("key-2",), removed=("key-1",)))
    observed.observer(OutageBegan("management", "timeout"))
    observed.observer(OutageEnded("management"))
    changed, began, ended = observed.records
    assert (changed.action, changed.outcome) == ("keys-changed", "success")
    assert changed.details == {"added": ("key-2",), "removed": ("key-1",)}
    assert (began.action, began.outcome, began.reason) == ("outage-began", "failure", "timeout")
    assert (ended.action, ended.outcome, ended.reason) == ("outage-ended", "success", None)
    assert began.details == ended.details == {"component": "management"}


def test_revoked_tokens_are_recorded_unless_a_route_of_admin_does_it(observed: Observed) -> None:
    observed.observer(TokensRevoked("logout", "auth0|1", "session-1"))
    observed.observer(TokensRevoked("admin", "auth0|2"))
    record = observed.sink.only()
    assert (record.action, record.outcome, record.target) == ("tokens-revoked", "success", "auth0|1")
    assert record.details == {"cause": "logout", "session_id": "session-1"}


def test_a_weak_login_is_recorded_as_denied_access(observed: Observed) -> None:
    observed.refuse(InsufficientUserAuthenticationError("mfa_not_used", "No."))
    record = observed.sink.only()
    assert (record.action, record.reason, record.details) == ("access-denied", "mfa_not_used", {})


def test_a_served_request_leaves_no_record(observed: Observed) -> None:
    observed.observer(RequestServed("GET", "/", 200, 0.001))
    observed.observer.write_repeats()
    assert observed.records == []
