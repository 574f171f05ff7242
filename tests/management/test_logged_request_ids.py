"""Each kind of failed call is logged with Auth0's own id of the request, by which its support finds the call."""

import logging

import pytest

from auth0_sso.errors import Auth0SsoError
from auth0_sso.management.client import ManagementClient
from support.logged_secrets import MANAGEMENT_TOKEN
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, token_reply

USER = "GET /api/v2/users/ann"
ID = "5f1e0123456789abcdef"
HEADERS = {"X-Auth0-RequestId": ID}
WITH_ID = {"X_Auth0_RequestId": ID}


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [line for line in lines if ID in line]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (
            json_reply({"error": "access_denied"}, 401, headers=HEADERS),
            "no Management API token: token_client_refused",
        ),
        (Reply(429, headers=HEADERS), "no Management API token: token_rate_limited"),
        (Reply(503, headers=HEADERS), "no Management API token: token_status_503"),
        (Reply(200, b"no JSON", HEADERS), "no Management API token: token_answer_not_json"),
        (json_reply({"expires_in": 1}, headers=HEADERS), "no Management API token: token_answer_incomplete"),
    ],
    ids=["refused", "rate-limited", "unavailable", "unreadable", "incomplete"],
)
async def test_a_failed_request_for_a_token(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture, reply: Reply, line: str
) -> None:
    tenant.on(TOKEN, reply)
    with pytest.raises(Auth0SsoError):
        await management.get_user("ann")
    (logged,) = said(caplog)
    assert logged.startswith(line)
    assert f"request id {ID}" in logged


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_a_management_api_that_is_down(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    tenant.on(USER, error_reply(status, **WITH_ID))
    with pytest.raises(Auth0SsoError):
        await management.get_user("ann")
    logged = said(caplog)
    assert logged
    assert logged[0].startswith(f"the Management API failed: status_{status} (Auth0 answered {status} ")
    assert f", request id {ID}" in logged[0]


async def test_credentials_without_a_scope(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(
        USER, error_reply(403, "Insufficient scope, expected any of: read:users", "insufficient_scope", **WITH_ID)
    )
    with pytest.raises(Auth0SsoError):
        await management.get_user("ann")
    (logged,) = said(caplog)
    assert logged.startswith("the Management API rejects this service (insufficient_scope): Auth0 answered 403 ")
    assert f", request id {ID}; grant it one of read:users" in logged


async def test_a_token_that_is_rejected_twice(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(TOKEN, token_reply(MANAGEMENT_TOKEN), token_reply("another"))
    tenant.on(USER, error_reply(401, **WITH_ID))
    with pytest.raises(Auth0SsoError):
        await management.get_user("ann")
    logged = said(caplog)
    assert any(
        line.startswith(f"the Management API rejects a new token as well (request id {ID})") for line in logged
    )
    assert MANAGEMENT_TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error_reply(404, **WITH_ID), "status_404"),
        (error_reply(409, **WITH_ID), "status_409"),
        (error_reply(400, **WITH_ID), "status_400"),
        (error_reply(429, Retry_After="60", **WITH_ID), "rate_limited"),
        (error_reply(418, **WITH_ID), "status_418"),
        (Reply(200, b"no JSON", HEADERS), "answer_not_json"),
        (json_reply([], headers=HEADERS), "not_an_object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_error_keeps_the_id_for_the_line_of_its_request(
    tenant: ScriptedTenant, management: ManagementClient, reply: Reply, reason: str
) -> None:
    tenant.on(USER, reply)
    with pytest.raises(Auth0SsoError) as raised:
        await management.get_user("ann", fields=("user_id",))
    error = raised.value
    assert error.answer is not None
    assert (error.reason, error.answer.request_id) == (reason, ID)
