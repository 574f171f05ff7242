"""Audit records of all shapes, for property tests."""

from datetime import UTC, datetime
from typing import get_args

from hypothesis import strategies as st

from auth0_sso.audit.actions import ACTIONS
from auth0_sso.audit.record import Actor, AuditRecord, Outcome, Request
from auth0_sso.audit.values import bounded_details, bounded_text

_TEXTS = st.text(max_size=40).map(bounded_text)
_OPTIONAL = st.none() | _TEXTS
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)

RECORDS = st.builds(
    AuditRecord,
    id=st.uuids(version=4).map(str),
    time=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is `timezones`
    action=st.sampled_from([*ACTIONS, "refund-order"]),
    outcome=st.sampled_from(get_args(Outcome)),
    reason=_OPTIONAL,
    code=_OPTIONAL,
    actor=st.builds(Actor, subject=_OPTIONAL, client_id=_OPTIONAL, organization=_OPTIONAL, address=_OPTIONAL),
    request=st.builds(Request, id=_OPTIONAL, trace_id=_OPTIONAL, method=_OPTIONAL, route=_OPTIONAL),
    target=_OPTIONAL,
    target_kind=st.sampled_from(["user", "order"]),
    details=st.dictionaries(st.text(max_size=10), _JSON, max_size=4).map(bounded_details),
)
