"""What the Management API may answer: bodies of users, roles, log entries and errors."""

import json

import httpx

from auth0_sso.errors import Auth0SsoError, ManagementAnswerError
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.management import metadata
from auth0_sso.management.error_responses import error_of
from auth0_sso.management.metadata import MetadataError
from auth0_sso.management.models import LogEntry, ManagementModel, Role, User
from auth0_sso.management.responses import read_changed_user, read_entries, read_object, read_total, read_user
from fuzz.targets.refusals import require_documented

_USER = {
    "user_id": "auth0|1",
    "email": "user@example.com",
    "email_verified": True,
    "blocked": False,
    "logins_count": 3,
    "created_at": "2026-01-01T00:00:00.000Z",
    "identities": [{"provider": "auth0"}],
    "user_metadata": {"theme": "dark", "deep": [[{"a": None}]]},
    "app_metadata": {},
}
SEEDS = tuple(
    json.dumps(body).encode()
    for body in (
        _USER,
        {"users": [_USER, {"user_id": 7, "blocked": "yes"}, None], "total": 3, "start": 0, "limit": 50},
        {"roles": [{"id": "rol_1", "name": "admin", "description": None}, []], "total": 2},
        {"logs": [{"log_id": "9", "type": "fp", "date": "x", "ip": 1}], "total": True},
        {"statusCode": 403, "message": "Insufficient scope, expected any of: read:users,a b", "errorCode": "x"},
        {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached"},
        {"unreadable": [1], "user_metadata": [], "user_id": ""},
    )
)
_LISTS: dict[str, type[ManagementModel]] = {"users": User, "roles": Role, "logs": LogEntry}
_STATUSES = (400, 401, 403, 404, 408, 409, 418, 429, 500, 503)


def check(data: bytes) -> None:
    """Whatever the body is, there is a model that can be serialized, or an error of the tenant's."""
    response = BoundedResponse(200, httpx.Headers(), data)
    _require_serializable(read_changed_user(response, {"user_id": "auth0|1"}))
    for status in _STATUSES:
        _require_error(error_of(BoundedResponse(status, httpx.Headers({"x-request-id": "r"}), data)))
    try:
        document = read_object(response)
    except ManagementAnswerError as error:
        require_documented(error)
        return
    _check_document(document)


def _check_document(document: dict[str, object]) -> None:
    try:
        user = read_user(document)
        assert user.user_id
        _require_serializable(user)
    except ManagementAnswerError as error:
        assert error.reason == "not_a_user"
    for name, model in _LISTS.items():
        try:
            for entry in read_entries(model, document, name):
                _require_serializable(entry)
            assert read_total(document) is not None
        except ManagementAnswerError as error:
            require_documented(error)
    _check_metadata(document)


def _check_metadata(document: dict[str, object]) -> None:
    change = User.parse({"user_metadata": document}).user_metadata
    try:
        metadata.require_storable(change)
    except MetadataError:
        return
    merged = metadata.merge({"kept": 1}, change)
    assert None not in merged.values()
    assert json.loads(json.dumps(merged, allow_nan=False)) == merged


def _require_serializable(model: ManagementModel) -> None:
    model.model_dump_json().encode("utf-8")
    assert set(model.unreadable) <= {*type(model).model_fields, *(model.model_extra or {})}


def _require_error(error: Auth0SsoError) -> None:
    require_documented(error)
    assert "\n" not in error.detail
    assert "\n" not in (error.log_detail or "")
