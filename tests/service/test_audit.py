"""What each action and refusal in the service, beside a development tenant, leaves in the audit log."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import PEOPLE, SPA_CLIENT_ID
from auth0_sso.service.logs import configure_logs
from auth0_sso.testing.clock import HandClock
from support.logged_secrets import shows_secret
from support.service import ADMIN, MANAGER, OPTIONS, USER, Service, person_id, running_service

NEW = {"email": "new@example.com", "password": "New-password-1!", "name": "New Person"}


class AuditDocuments:
    """The audit documents that were logged."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    @property
    def all(self) -> list[dict[str, Any]]:
        logged = [record.fields for record in self._caplog.records if record.name == "auth0_sso.audit"]  # type: ignore[attr-defined]  # what AuditLog adds
        documents: list[dict[str, Any]] = json.loads(json.dumps(logged))
        return documents

    def only(self) -> dict[str, Any]:
        [document] = self.all
        return document

    def forget(self) -> None:
        self._caplog.clear()


@pytest.fixture
def documents(caplog: pytest.LogCaptureFixture) -> AuditDocuments:
    caplog.set_level(logging.INFO, "auth0_sso.audit")
    return AuditDocuments(caplog)


@pytest.fixture
async def audited(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, documents: AuditDocuments
) -> AsyncIterator[Service]:
    """The service, after all three people have logged in and its keys have been fetched."""
    async with running_service(rsa_keys, clock) as service:
        for email in (ADMIN, MANAGER, USER):
            await service.user_token(email)
        documents.forget()
        yield service


def user_path(email: str, *rest: str) -> str:
    return "/".join((f"/admin/users/{quote(person_id(email), safe='')}", *rest))


async def role_ids(service: Service) -> dict[str, str]:
    return {role["name"]: role["id"] for role in (await service.manage("GET", "/roles")).json()}


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "route"),
    [
        ("PUT", user_path(USER, "block"), None, "block-user", "/admin/users/{user_id:path}/block"),
        ("DELETE", user_path(USER, "block"), None, "unblock-user", "/admin/users/{user_id:path}/block"),
        ("POST", user_path(USER, "logout"), None, "log-out-user", "/admin/users/{user_id:path}/logout"),
        ("DELETE", user_path(USER), None, "delete-user", "/admin/users/{user_id:path}"),
    ],
    ids=lambda value: value if value in {"block-user", "unblock-user", "log-out-user", "delete-user"} else None,
)
async def test_an_administrators_action_leaves_one_record(
    audited: Service, documents: AuditDocuments, method: str, path: str, body: object, action: str, route: str
) -> None:
    headers = {
        **await audited.as_user(ADMIN),
        "X-Request-ID": "request-17",
        "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01",
    }
    response = await audited.api.request(method, path, headers=headers, json=body)
    assert response.is_success
    document = documents.only()
    assert document["event"]["action"] == action
    assert (document["event"]["outcome"], "reason" in document["event"], "error" in document) == (
        "success",
        False,
        False,
    )
    assert document["user"] == {"id": person_id(ADMIN), "target": {"id": person_id(USER)}}
    assert document["http"] == {"request": {"id": "request-17", "method": method}}
    assert document["trace"] == {"id": "ab" * 16}
    assert document["source"] == {"address": "127.0.0.1", "ip": "127.0.0.1"}
    assert document["auth0_sso"] == {"schema_version": "1", "client_id": SPA_CLIENT_ID, "route": route}


async def test_a_created_user_is_named_by_id_and_not_by_email(audited: Service, documents: AuditDocuments) -> None:
    response = await audited.api.post("/admin/users", headers=await audited.as_user(ADMIN), json=NEW)
    document = documents.only()
    assert (document["event"]["action"], document["event"]["outcome"]) == ("create-user", "success")
    assert document["user"]["target"]["id"] == response.json()["id"]
    assert document["auth0_sso"]["details"] == {"connection": "Username-Password-Authentication"}
    assert not any(str(value) in json.dumps(document) for value in NEW.values())


async def test_changes_of_roles_have_the_roles_before_and_after(audited: Service, documents: AuditDocuments) -> None:
    headers, roles = await audited.as_user(ADMIN), await role_ids(audited)
    await audited.api.post(user_path(USER, "roles"), headers=headers, json={"roleNames": ["manager"]})
    await audited.api.request(
        "DELETE", user_path(USER, "roles"), headers=headers, json={"roleIds": [roles["manager"]]}
    )
    assigned, removed = documents.all
    assert (assigned["event"]["action"], removed["event"]["action"]) == ("assign-roles", "remove-roles")
    assert assigned["auth0_sso"]["details"] == {
        "before": [],
        "roles": [roles["manager"]],
        "after": [{"id": roles["manager"]}],
    }
    assert removed["auth0_sso"]["details"] == {
        "before": [{"id": roles["manager"], "name": "manager"}],
        "roles": [roles["manager"]],
        "after": [],
    }


async def test_a_change_of_metadata_has_the_changed_keys_before_and_after(
    audited: Service, documents: AuditDocuments
) -> None:
    headers = await audited.as_user(USER)
    for change in ({"theme": "light", "city": "Oslo"}, {"theme": "dark"}, {"theme": None}, {}):
        response = await audited.api.post("/profile/metadata", headers=headers, json={"metadata": change})
        assert response.status_code == 200
    _, changed, deleted, cleared = documents.all
    assert {document["event"]["action"] for document in documents.all} == {"update-metadata"}
    assert changed["user"] == {"id": person_id(USER), "target": {"id": person_id(USER)}}
    assert changed["auth0_sso"]["details"] == {"before": {"theme": "light"}, "after": {"theme": "dark"}}
    assert deleted["auth0_sso"]["details"] == {"before": {"theme": "dark"}, "after": {}}
    assert cleared["auth0_sso"]["details"]["before"]["city"] == "Oslo"
    assert cleared["auth0_sso"]["details"]["after"] == {}


async def test_large_metadata_is_left_out_of_the_record(audited: Service, documents: AuditDocuments) -> None:
    change = {"metadata": {"note": "x" * 10_000}}
    await audited.api.post("/profile/metadata", headers=await audited.as_user(USER), json=change)
    assert documents.only()["auth0_sso"]["details"]["after"] == {"omitted_bytes": 10_011}


async def test_metadata_that_is_refused_is_a_failure(audited: Service, documents: AuditDocuments) -> None:
    headers = await audited.as_user(USER)
    await audited.api.post("/profile/metadata", headers=headers, json={"metadata": {"a": "x" * 10_000}})
    documents.forget()
    response = await audited.api.post("/profile/metadata", headers=headers, json={"metadata": {"b": "y" * 10_000}})
    assert response.status_code == 422
    document = documents.only()
    assert (document["event"]["outcome"], document["error"]["code"]) == ("failure", "invalid_input")
    assert "after" not in document["auth0_sso"]["details"]


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("POST", "/admin/users", {**NEW, "email": USER}, "conflict", "auth0_idp_error"),
        ("PUT", "/admin/users/auth0%7Cunknown/block", None, "not_found", "inexistent_user"),
        ("POST", user_path(USER, "roles"), {"roleNames": ["unknown"]}, "not_found", "role_name_unknown"),
    ],
    ids=["conflict", "unknown-user", "unknown-role"],
)
async def test_a_refused_action_is_a_failure_with_the_problems_code(
    audited: Service, documents: AuditDocuments, method: str, path: str, body: object, code: str, reason: str
) -> None:
    response = await audited.api.request(method, path, headers=await audited.as_user(ADMIN), json=body)
    assert response.json()["code"] == code
    document = documents.only()
    assert (document["event"]["outcome"], document["error"], document["event"]["reason"]) == (
        "failure",
        {"code": code},
        reason,
    )


async def test_an_action_that_auth0_does_not_confirm_has_an_unknown_outcome(
    audited: Service, documents: AuditDocuments
) -> None:
    headers = await audited.as_user(ADMIN)
    await audited.api.get(user_path(USER), headers=headers)  # the roles of the administrator are cached
    audited.wire.cut = True
    response = await audited.api.put(user_path(USER, "block"), headers=headers)
    assert response.status_code == 503
    document = next(each for each in documents.all if each["event"]["action"] == "block-user")
    assert (document["event"]["outcome"], document["error"]["code"]) == ("unknown", "management_unavailable")


async def test_a_failed_action_has_the_id_of_its_request_at_auth0(
    audited: Service, documents: AuditDocuments
) -> None:
    fault = {"path": f"/api/v2/users/{person_id(USER)}", "status": 409, "headers": {"X-Auth0-RequestId": "4f3d2c1b"}}
    assert (await audited.tenant.post(f"{OPTIONS.issuer}_development/faults", json=fault)).is_success
    await audited.api.delete(user_path(USER), headers=await audited.as_user(ADMIN))
    document = documents.only()
    assert document["event"]["outcome"] == "failure"
    assert document["auth0_sso"]["details"] == {"auth0_request_id": "4f3d2c1b"}


async def test_roles_are_changed_where_those_before_cannot_be_read(
    audited: Service, documents: AuditDocuments
) -> None:
    headers, roles = await audited.as_user(ADMIN), await role_ids(audited)
    await audited.api.get(user_path(USER), headers=headers)
    fault = {"path": f"/api/v2/users/{person_id(USER)}/roles", "times": 1, "status": 400}
    assert (await audited.tenant.post(f"{OPTIONS.issuer}_development/faults", json=fault)).is_success
    change = {"roleIds": [roles["manager"]]}
    response = await audited.api.post(user_path(USER, "roles"), headers=headers, json=change)
    assert response.status_code == 200
    document = documents.only()
    assert document["event"]["outcome"] == "success"
    assert document["auth0_sso"]["details"] == {
        "before": "unknown",
        "roles": [roles["manager"]],
        "after": "unknown",
    }


async def test_denied_access_is_recorded_with_route_and_role(audited: Service, documents: AuditDocuments) -> None:
    await audited.api.delete(user_path(MANAGER), headers=await audited.as_user(USER))
    document = documents.only()
    assert (document["event"]["action"], document["event"]["reason"]) == ("access-denied", "role_missing")
    assert document["error"] == {"code": "insufficient_scope"}
    assert document["user"] == {"id": person_id(USER)}
    assert document["auth0_sso"]["route"] == "/admin/users/{user_id:path}"
    assert document["auth0_sso"]["details"] == {"missing": ["admin"]}
    assert person_id(MANAGER) not in json.dumps(document)


async def test_a_refused_token_leaves_none_of_its_text(audited: Service, documents: AuditDocuments) -> None:
    token = await audited.user_token(USER)
    forged = token[:-8] + "AAAAAAAA"
    await audited.api.get("/profile", headers={"Authorization": f"Bearer {forged}"})
    document = documents.only()
    assert (document["event"]["action"], document["event"]["reason"]) == ("token-refused", "signature_mismatch")
    assert "user" not in document
    assert document["auth0_sso"]["details"].keys() == {"kid"}
    text = json.dumps(document)
    assert not any(part in text for part in forged.split("."))


async def test_a_spent_limit_is_recorded(audited: Service, documents: AuditDocuments) -> None:
    headers = await audited.as_user(USER)
    for _ in range(12):
        await audited.api.get("/api/data", headers=headers)
    document = documents.only()
    assert (document["event"]["action"], document["user"]["id"]) == ("rate-limited", person_id(USER))
    assert document["auth0_sso"]["details"] == {"limit": "10/minute"}


async def test_no_audit_record_has_a_secret_or_an_email_address(audited: Service, documents: AuditDocuments) -> None:
    admin, user = await audited.as_user(ADMIN), await audited.as_user(USER)
    for headers in (admin, user, {"Authorization": "Bearer opaque"}, {"Authorization": f"Basic {'x' * 20}"}):
        await audited.api.post("/admin/users", headers=headers, json=NEW)
        await audited.api.put(user_path(MANAGER, "block"), headers=headers)
        await audited.api.post("/profile/metadata", headers=headers, json={"metadata": {"theme": "dark"}})
    text = json.dumps(documents.all)
    assert [document["event"]["action"] for document in documents.all] == [
        "create-user",
        "block-user",
        "update-metadata",
        "access-denied",
        "access-denied",
        "update-metadata",
        "token-refused",
    ]
    assert not shows_secret(text)
    assert not any(person.password in text or person.email in text for person in PEOPLE)
    assert NEW["password"] not in text
    assert "@" not in text.replace("@timestamp", "")


async def test_audit_log_false_logs_nothing_and_reads_no_state_before(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, documents: AuditDocuments
) -> None:
    async with running_service(rsa_keys, clock, audit_log=False) as service:
        headers, roles = await service.as_user(ADMIN), await role_ids(service)
        change = {"roleIds": [roles["manager"]]}
        assert (await service.api.post(user_path(USER, "roles"), headers=headers, json=change)).is_success
        assert service.wire.count(f"GET /api/v2/users/{quote(person_id(USER), safe='')}/roles") == 0
    assert documents.all == []


@pytest.mark.usefixtures("logging_restored")
def test_the_level_of_the_log_does_not_silence_the_audit_trail() -> None:
    configure_logs("ERROR", "json")
    assert logging.getLogger("auth0_sso.audit").isEnabledFor(logging.INFO)
    assert not logging.getLogger("auth0_sso.access").isEnabledFor(logging.WARNING)
