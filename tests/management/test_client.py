import asyncio
import json
import re
import traceback
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest

from auth0_sso.errors import (
    Auth0SsoError,
    ConflictError,
    InvalidInputError,
    ManagementAnswerError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    NotFoundError,
)
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.models import ManagementModel, Role, User
from auth0_sso.testing.clock import HandClock
from support.clock import SkippingClock
from support.logged_secrets import MANAGEMENT_TOKEN
from support.management_chain import ManagementChain
from support.misbehaving_server import (
    Conduct,
    endless,
    garbage,
    gzip_bomb,
    hang,
    peer,
    refusing_port,
    truncated,
    wire_client,
)
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply

USER_ID = "auth0|6132828a407ec6006935a858"
USER_PATH = "/api/v2/users/auth0%7C6132828a407ec6006935a858"
GET_USER = f"GET {USER_PATH}"
EMAIL = "ada@example.com"
USER = {
    "created_at": "2026-01-02T03:04:05.678Z",
    "email": EMAIL,
    "email_verified": True,
    "identities": [{"connection": "Users", "user_id": "6132828a407ec6006935a858", "provider": "auth0"}],
    "name": "Ada",
    "user_id": USER_ID,
}
USERS = {"start": 0, "limit": 50, "length": 1, "users": [USER], "total": 1}
ROLES = {
    "roles": [{"id": "rol_1", "name": "admin", "description": "All of it"}],
    "start": 0,
    "limit": 100,
    "total": 1,
}

Call = Callable[[ManagementClient], Awaitable[object]]


ManagementAt = Callable[[httpx.AsyncClient, str], ManagementClient]


@pytest.fixture
def management_at(chain: ManagementChain, skipping: SkippingClock) -> ManagementAt:
    """Return a client that asks the tenant for tokens, and an address for everything else."""
    return lambda http, address: ManagementClient(ManagementCaller(http, address, chain.auth, clock=skipping))


async def _error(call: Awaitable[object]) -> Auth0SsoError:
    with pytest.raises(Auth0SsoError) as raised:
        await call
    return raised.value


CALLS = [
    pytest.param(lambda m: m.get_user(USER_ID), GET_USER, "", None, json_reply(USER), id="get_user"),
    pytest.param(
        lambda m: m.list_users(),
        "GET /api/v2/users",
        "page=0&per_page=50&include_totals=true",
        None,
        json_reply(USERS),
        id="list_users",
    ),
    pytest.param(
        lambda m: m.list_users(page=3, per_page=7),
        "GET /api/v2/users",
        "page=3&per_page=7&include_totals=true",
        None,
        json_reply(USERS),
        id="list_users-page",
    ),
    pytest.param(
        lambda m: m.create_user(email=EMAIL, password="Pa55word!", connection="Users"),
        "POST /api/v2/users",
        "",
        {"email": EMAIL, "password": "Pa55word!", "connection": "Users"},
        json_reply(USER, 201),
        id="create_user",
    ),
    pytest.param(
        lambda m: m.create_user(email=EMAIL, password="Pa55word!", connection="Users", name="Ada"),
        "POST /api/v2/users",
        "",
        {"email": EMAIL, "password": "Pa55word!", "connection": "Users", "name": "Ada"},
        json_reply(USER, 201),
        id="create_user-name",
    ),
    pytest.param(
        lambda m: m.update_user_metadata(USER_ID, {"theme": "dark", "old": None, "deep": {"a": [1]}}),
        f"PATCH {USER_PATH}",
        "",
        {"user_metadata": {"theme": "dark", "old": None, "deep": {"a": [1]}}},
        json_reply(USER),
        id="update_user_metadata",
    ),
    pytest.param(
        lambda m: m.block_user(USER_ID),
        f"PATCH {USER_PATH}",
        "",
        {"blocked": True},
        json_reply(USER),
        id="block_user",
    ),
    pytest.param(
        lambda m: m.unblock_user(USER_ID),
        f"PATCH {USER_PATH}",
        "",
        {"blocked": False},
        json_reply(USER),
        id="unblock_user",
    ),
    pytest.param(
        lambda m: m.find_role("admin"),
        "GET /api/v2/roles",
        "name_filter=admin&page=0&per_page=100&include_totals=true",
        None,
        json_reply(ROLES),
        id="find_role",
    ),
    pytest.param(
        lambda m: m.list_member_roles("org_1", USER_ID),
        f"GET /api/v2/organizations/org_1/members/{USER_PATH.rsplit('/', 1)[1]}/roles",
        "page=0&per_page=100&include_totals=true",
        None,
        json_reply(ROLES),
        id="list_member_roles",
    ),
    pytest.param(
        lambda m: m.list_user_logs(USER_ID, page=1, per_page=10),
        f"{GET_USER}/logs",
        "page=1&per_page=10&sort=date%3A-1&include_totals=true",
        None,
        json_reply({"logs": [{"log_id": "9", "date": "2026-01-02T03:04:05.678Z", "type": "s"}], "total": 11}),
        id="list_user_logs",
    ),
    pytest.param(lambda m: m.delete_user(USER_ID), f"DELETE {USER_PATH}", "", None, Reply(204), id="delete_user"),
    pytest.param(
        lambda m: m.list_user_roles(USER_ID),
        f"{GET_USER}/roles",
        "page=0&per_page=100&include_totals=true",
        None,
        json_reply(ROLES),
        id="list_user_roles",
    ),
    pytest.param(
        lambda m: m.assign_roles(USER_ID, ["rol_1", "rol_2"]),
        f"POST {USER_PATH}/roles",
        "",
        {"roles": ["rol_1", "rol_2"]},
        Reply(204),
        id="assign_roles",
    ),
    pytest.param(
        lambda m: m.remove_roles(USER_ID, ("rol_1",)),
        f"DELETE {USER_PATH}/roles",
        "",
        {"roles": ["rol_1"]},
        Reply(204),
        id="remove_roles",
    ),
]


@pytest.mark.parametrize(("call", "line", "query", "body", "reply"), CALLS)
async def test_each_call_is_exactly_one_request(
    tenant: ScriptedTenant,
    management: ManagementClient,
    call: Call,
    line: str,
    query: str,
    body: object,
    reply: Reply,
) -> None:
    tenant.on(line, reply)
    await call(management)
    assert [request.line for request in tenant.requests] == [TOKEN, line]
    request = tenant.requests[1]
    assert request.query == query
    assert request.headers["Host"] == "tenant.example.com"
    assert request.headers.get_list("Authorization") == [f"Bearer {MANAGEMENT_TOKEN}"]
    if body is None:
        assert request.body == b""
        assert "Content-Type" not in request.headers
    else:
        assert request.json() == body
        assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(("call", "line", "query", "body", "reply"), CALLS)
async def test_each_call_sends_the_same_again_after_a_401(
    tenant: ScriptedTenant,
    management: ManagementClient,
    call: Call,
    line: str,
    query: str,
    body: object,
    reply: Reply,
) -> None:
    tenant.on(line, Reply(401), reply)
    await call(management)
    first, second = tenant.seen(line)
    assert (first.query, first.body) == (second.query, second.body)


@pytest.mark.parametrize(("call", "line", "query", "body", "reply"), CALLS)
async def test_each_call_raises_refused_for_a_403(
    tenant: ScriptedTenant,
    management: ManagementClient,
    call: Call,
    line: str,
    query: str,
    body: object,
    reply: Reply,
) -> None:
    tenant.on(line, error_reply(403, "Insufficient scope, expected any of: read:users", "insufficient_scope"))
    error = await _error(call(management))
    assert (type(error), error.reason) == (ManagementRefusedError, "insufficient_scope")


async def test_a_user_keeps_unknown_members(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on(GET_USER, json_reply(USER | {"user_metadata": {"theme": "dark"}, "blocked": True, "logins_count": 7}))
    user = await management.get_user(USER_ID)
    assert (user.user_id, user.email, user.email_verified, user.name) == (USER_ID, EMAIL, True, "Ada")
    assert (user.user_metadata, user.app_metadata, user.blocked, user.logins_count) == (
        {"theme": "dark"},
        {},
        True,
        7,
    )
    assert user.model_dump()["identities"] == USER["identities"]


async def test_missing_members_of_a_user_have_defaults(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on(GET_USER, json_reply({"user_id": USER_ID}))
    user = await management.get_user(USER_ID)
    assert (user.email, user.email_verified, user.blocked, user.logins_count) == (None, False, False, 0)
    assert (user.user_metadata, user.app_metadata, user.last_login) == ({}, {}, None)


async def test_a_page_has_its_users_and_the_total(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on("GET /api/v2/users", json_reply(USERS | {"total": 151}))
    page = await management.list_users()
    assert ([user.user_id for user in page.users], page.total) == ([USER_ID], 151)
    tenant.on("GET /api/v2/users", json_reply({"start": 200, "limit": 50, "length": 0, "users": [], "total": 151}))
    page = await management.list_users(page=4)
    assert (page.users, page.total) == ((), 151)


async def test_roles_are_returned_without_the_page_object(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on(f"{GET_USER}/roles", json_reply(ROLES))
    roles = await management.list_user_roles(USER_ID)
    assert roles == (Role(id="rol_1", name="admin", description="All of it"),)


@pytest.mark.parametrize(
    ("user_id", "segment"),
    [
        pytest.param("auth0|x/../../clients", "auth0%7Cx%2F..%2F..%2Fclients", id="climbs"),
        pytest.param("../clients", "..%2Fclients", id="climbs-at-once"),
        pytest.param("...", "...", id="three-dots"),
        pytest.param("%2e%2e", "%252e%252e", id="dots-quoted-already"),
        pytest.param("..%2Fclients", "..%252Fclients", id="slash-quoted-already"),
        pytest.param("auth0%7Cx", "auth0%257Cx", id="pipe-quoted-already"),
        pytest.param("a b+c", "a%20b%2Bc", id="space-and-plus"),
        pytest.param(" ", "%20", id="only-a-space"),
        pytest.param("samlp|corp|ada@example.com", "samlp%7Ccorp%7Cada%40example.com", id="saml"),
        pytest.param("oidc|grüße|☃", "oidc%7Cgr%C3%BC%C3%9Fe%7C%E2%98%83", id="unicode"),
        pytest.param("a\u2025b\uff0fc", "a%E2%80%A5b%EF%BC%8Fc", id="unicode-lookalikes"),
        pytest.param("a?include_totals=true#b", "a%3Finclude_totals%3Dtrue%23b", id="query-and-fragment"),
        pytest.param("a;b,c&d=e", "a%3Bb%2Cc%26d%3De", id="reserved"),
        pytest.param("a\\..\\b", "a%5C..%5Cb", id="backslash"),
        pytest.param("a\r\nHost: evil", "a%0D%0AHost%3A%20evil", id="header-injection"),
        pytest.param("a\x00b", "a%00b", id="nul"),
        pytest.param("//evil.example.com", "%2F%2Fevil.example.com", id="another-host"),
        pytest.param("x@clients", "x%40clients", id="machine"),
    ],
)
async def test_a_user_id_stays_one_path_segment(
    tenant: ScriptedTenant, management: ManagementClient, user_id: str, segment: str
) -> None:
    tenant.on(f"GET /api/v2/users/{segment}", json_reply(USER))
    tenant.on(f"DELETE /api/v2/users/{segment}/roles", Reply(204))
    await management.get_user(user_id)
    await management.remove_roles(user_id, ["rol_1"])
    assert {request.headers["Host"] for request in tenant.requests} == {"tenant.example.com"}


@pytest.mark.parametrize("user_id", ["", ".", ".."])
async def test_an_id_that_is_no_path_segment_is_not_found_unsent(
    tenant: ScriptedTenant, management: ManagementClient, user_id: str
) -> None:
    calls = [
        management.get_user(user_id),
        management.update_user_metadata(user_id, {}),
        management.delete_user(user_id),
        management.list_user_roles(user_id),
        management.assign_roles(user_id, ["rol_1"]),
        management.remove_roles(user_id, ["rol_1"]),
    ]
    for call in calls:
        error = await _error(call)
        assert (type(error), error.reason) == (NotFoundError, "id_invalid")
    assert tenant.requests == []


_PLAIN = "The identity provider "
_TABLE: list[object] = [
    pytest.param(
        error_reply(400, "Payload validation error: 'x'", "invalid_body"),
        (InvalidInputError, "invalid_body", "Payload validation error: 'x'"),
        id="400",
    ),
    pytest.param(Reply(400), (InvalidInputError, "status_400", _PLAIN + "does not accept this."), id="400-empty"),
    pytest.param(
        error_reply(400, "two\nlines", "not a word"),
        (InvalidInputError, "status_400", _PLAIN + "does not accept this."),
        id="400-unprintable",
    ),
    pytest.param(
        error_reply(400, 7, ["x"]),
        (InvalidInputError, "status_400", _PLAIN + "does not accept this."),
        id="400-no-text",
    ),
    pytest.param(
        error_reply(401, "Invalid token"),
        (ManagementRefusedError, "status_401", _PLAIN + "does not allow this service to do that."),
        id="401",
    ),
    pytest.param(
        error_reply(403, "Insufficient scope, expected any of: read:users", "insufficient_scope"),
        (ManagementRefusedError, "insufficient_scope", _PLAIN + "does not allow this service to do that."),
        id="403",
    ),
    pytest.param(
        error_reply(404, "The user does not exist.", "inexistent_user"),
        (NotFoundError, "inexistent_user", "The user does not exist."),
        id="404-user",
    ),
    pytest.param(
        error_reply(404, "The role does not exist."),
        (NotFoundError, "status_404", "The role does not exist."),
        id="404-role",
    ),
    pytest.param(Reply(404, b"<html>"), (NotFoundError, "status_404", "There is no such thing."), id="404-html"),
    pytest.param(
        error_reply(409, "The user already exists.", "auth0_idp_error"),
        (ConflictError, "auth0_idp_error", "The user already exists."),
        id="409",
    ),
    pytest.param(
        error_reply(429, "Global limit has been reached", "too_many_requests"),
        (ManagementRateLimitedError, "rate_limited", _PLAIN + "cannot answer now."),
        id="429",
    ),
    pytest.param(
        error_reply(500, "Internal"),
        (ManagementUnavailableError, "status_500", _PLAIN + "cannot answer now."),
        id="500",
    ),
    pytest.param(
        Reply(503, b"<html>"), (ManagementUnavailableError, "status_503", _PLAIN + "cannot answer now."), id="503"
    ),
    pytest.param(
        Reply(302, headers={"Location": "https://evil.example.com/"}),
        (ManagementAnswerError, "status_302", _PLAIN + "gave an answer that cannot be read."),
        id="302",
    ),
    pytest.param(
        error_reply(418),
        (ManagementAnswerError, "status_418", _PLAIN + "gave an answer that cannot be read."),
        id="418",
    ),
]


@pytest.mark.parametrize(("reply", "expected"), _TABLE)
async def test_each_error_status_has_its_error(
    tenant: ScriptedTenant,
    management: ManagementClient,
    reply: Reply,
    expected: tuple[type[Auth0SsoError], str, str],
) -> None:
    tenant.on(GET_USER, reply)
    error = await _error(management.get_user(USER_ID))
    assert (type(error), error.reason, error.detail) == expected
    if isinstance(error, ManagementUnavailableError):
        assert error.retry_after >= 1
    assert MANAGEMENT_TOKEN not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(Reply(body=b"<!doctype html>"), "answer_not_json", id="html"),
        pytest.param(Reply(body=b""), "answer_not_json", id="empty"),
        pytest.param(Reply(204), "answer_not_json", id="no-content"),
        pytest.param(Reply(body=b" " * 10_000_000), "answer_too_large", id="ten-megabytes"),
        pytest.param(Reply(body=b"x", headers={"Content-Encoding": "gzip"}), "answer_compressed", id="compressed"),
        pytest.param(json_reply([USER]), "not_an_object", id="list"),
        pytest.param(json_reply({}), "not_a_user", id="no-id"),
        pytest.param(json_reply(USER | {"user_id": 7}), "not_a_user", id="number-id"),
    ],
)
async def test_a_malformed_user_is_an_answer_error_without_its_text(
    tenant: ScriptedTenant,
    management: ManagementClient,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    reason: str,
) -> None:
    caplog.set_level("DEBUG")
    tenant.on(GET_USER, reply)
    error = await _error(management.get_user(USER_ID))
    assert (type(error), error.reason) == (ManagementAnswerError, reason)
    for text in (caplog.text, repr(error), *traceback.format_exception(error)):
        assert EMAIL not in text
        assert MANAGEMENT_TOKEN not in text


@pytest.mark.parametrize(
    ("call", "line", "reasons"),
    [
        pytest.param(
            lambda m: m.list_users(), "GET /api/v2/users", {"no_list_of_users", "page_without_total"}, id="users"
        ),
        pytest.param(lambda m: m.list_user_roles(USER_ID), f"{GET_USER}/roles", {"no_list_of_roles"}, id="roles"),
    ],
)
@pytest.mark.parametrize(
    "document", [[], {}, {"total": 0}, {"users": {}, "roles": {}}, {"users": [], "total": "1"}, "text"]
)
async def test_a_malformed_page_is_an_answer_error(
    tenant: ScriptedTenant, management: ManagementClient, call: Call, line: str, reasons: set[str], document: object
) -> None:
    tenant.on(line, json_reply(document))
    error = await _error(call(management))
    assert type(error) is ManagementAnswerError
    assert error.reason in reasons | {"not_an_object"}


@pytest.mark.parametrize(
    ("conduct", "error_type", "reason"),
    [
        pytest.param(truncated, ManagementUnavailableError, "protocol_error", id="truncated"),
        pytest.param(garbage, ManagementUnavailableError, "protocol_error", id="garbage"),
        pytest.param(hang, ManagementUnavailableError, "timeout", id="hang"),
        pytest.param(endless, ManagementAnswerError, "answer_too_large", id="endless"),
        pytest.param(gzip_bomb(), ManagementAnswerError, "answer_compressed", id="gzip-bomb"),
    ],
)
async def test_a_misbehaving_tenant_causes_an_error_and_never_a_hang(
    management_at: ManagementAt, conduct: Conduct, error_type: type[Auth0SsoError], reason: str
) -> None:
    async with peer(conduct) as address, wire_client(timeout=0.1 if conduct is hang else 5) as wire:
        error = await _error(management_at(wire, address).get_user(USER_ID))
    assert (type(error), error.reason) == (error_type, reason)


async def test_a_tenant_that_refuses_connections_is_unavailable(management_at: ManagementAt) -> None:
    with refusing_port() as address:
        async with wire_client() as wire:
            error = await _error(management_at(wire, address).get_user(USER_ID))
    assert (type(error), error.reason) == (ManagementUnavailableError, "connection_refused")
    assert error.log_detail == (
        f"{address}api/v2: the connection was refused: nothing listens there, or a firewall rejects it"
    )


async def test_without_a_token_no_call_is_sent(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on(TOKEN, json_reply({"error": "access_denied"}, 401))
    error = await _error(management.get_user(USER_ID))
    assert (type(error), error.reason) == (ManagementRefusedError, "token_client_refused")
    assert [request.line for request in tenant.requests] == [TOKEN]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_our_token_does_not_follow_a_redirect(
    tenant: ScriptedTenant, management: ManagementClient, status: int
) -> None:
    tenant.on(GET_USER, Reply(status, headers={"Location": "https://evil.example.com/steal"}))
    assert (await _error(management.get_user(USER_ID))).reason == f"status_{status}"
    assert [request.line for request in tenant.requests] == [TOKEN, GET_USER]


async def test_a_403_is_logged_without_our_token(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tenant.on(GET_USER, error_reply(403, "Insufficient scope, expected any of: read:users", "insufficient_scope"))
    await _error(management.get_user(USER_ID))
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert re.search(r"insufficient_scope.*read:users", record.getMessage())
    assert MANAGEMENT_TOKEN not in caplog.text
    assert "the-client-secret" not in caplog.text


async def test_a_new_users_password_is_never_logged(
    tenant: ScriptedTenant, management: ManagementClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tenant.on("POST /api/v2/users", error_reply(400, "Password is too weak", "invalid_password"))
    error = await _error(management.create_user(email=EMAIL, password="Pa55word!", connection="Users"))
    for text in (caplog.text, repr(error), *traceback.format_exception(error)):
        assert "Pa55word!" not in text


async def test_auth0s_message_is_truncated(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on(GET_USER, error_reply(400, "x" * 1_000_000, "y" * 1_000_000))
    with pytest.raises(InvalidInputError) as raised:
        await management.get_user(USER_ID)
    assert len(raised.value.detail) == 500
    assert raised.value.reason == "status_400"


async def test_a_malformed_token_of_ours_is_not_the_callers_fault(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on(GET_USER, error_reply(400, "Bad HTTP authentication header format", "Bearer"))
    with pytest.raises(ManagementRefusedError) as raised:
        await management.get_user(USER_ID)
    assert raised.value.reason == "token_malformed"


async def test_a_user_id_that_cannot_be_encoded_is_not_found(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    with pytest.raises(NotFoundError):
        await management.get_user("\ud800")
    assert tenant.requests == []


async def test_no_more_than_ten_calls_are_in_flight(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    gate = asyncio.Event()
    tenant.on(GET_USER, json_reply(USER, gate=gate))
    calls = [asyncio.create_task(management.get_user(USER_ID)) for _ in range(50)]
    await tenant.arrival(GET_USER, 10)
    await clock.settle()
    assert tenant.count(GET_USER) == 10
    gate.set()
    assert len(await asyncio.gather(*calls)) == 50


async def test_pages_are_read_until_the_total_is_reached(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    roles = [{"id": f"rol_{number}", "name": f"role-{number}"} for number in range(250)]
    pages = [json_reply({"roles": roles[start : start + 100], "total": 250}) for start in (0, 100, 200)]
    tenant.on("GET /api/v2/roles", *pages)
    assert (await management.find_role("role-249")).id == "rol_249"
    assert [request.query.split("&")[1] for request in tenant.seen("GET /api/v2/roles")] == [
        "page=0",
        "page=1",
        "page=2",
    ]


async def test_an_empty_page_ends_the_list_whatever_the_total_is(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on(
        "GET /api/v2/roles",
        json_reply({"roles": ROLES["roles"], "total": 500}),
        json_reply({"roles": [], "total": 500}),
    )
    assert (await _error(management.find_role("missing"))).reason == "role_name_unknown"
    assert tenant.count("GET /api/v2/roles") == 2


async def test_a_list_that_never_ends_is_an_answer_error(
    tenant: ScriptedTenant, management: ManagementClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth0_sso.management.pagination._MAX_PAGES", 3)
    tenant.on("GET /api/v2/roles", json_reply({"roles": ROLES["roles"], "total": 10**9}))
    with pytest.raises(ManagementAnswerError) as caught:
        await management.find_role("missing")
    assert caught.value.reason == "pages_never_end"
    assert tenant.count("GET /api/v2/roles") == 3


async def test_a_page_without_a_total_is_an_answer_error(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on("GET /api/v2/roles", json_reply({"roles": []}))
    with pytest.raises(ManagementAnswerError) as caught:
        await management.find_role("missing")
    assert caught.value.reason == "page_without_total"


async def test_a_role_is_found_by_its_exact_name_only(tenant: ScriptedTenant, management: ManagementClient) -> None:
    roles = [{"id": "rol_1", "name": "superadmin"}, {"id": "rol_2", "name": "admin"}]
    tenant.on("GET /api/v2/roles", json_reply({"roles": roles, "total": 2}))
    assert (await management.find_role("admin")).id == "rol_2"
    with pytest.raises(NotFoundError) as caught:
        await management.find_role("Admin")
    assert caught.value.reason == "role_name_unknown"


async def test_a_page_past_the_first_thousand_records_is_invalid_input(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    message = "You can only page through the first 1000 records. See https://auth0.com/docs/"
    tenant.on("GET /api/v2/users", error_reply(400, message, "invalid_paging"))
    error = await _error(management.list_users(page=20))
    assert (type(error), error.reason) == (InvalidInputError, "invalid_paging")
    assert error.detail == "Auth0 lists the first 1,000 records only."


async def test_logging_out_everywhere_revokes_refresh_tokens_before_sessions(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tokens, sessions = f"DELETE {USER_PATH}/refresh-tokens", f"DELETE {USER_PATH}/sessions"
    tenant.on(tokens, Reply(202))
    tenant.on(sessions, Reply(202))
    await management.log_out_everywhere(USER_ID)
    assert [request.line for request in tenant.requests] == [TOKEN, tokens, sessions]


@pytest.mark.parametrize("organization_id", ["", ".", ".."])
async def test_an_organization_id_that_is_no_path_segment_is_not_found(
    tenant: ScriptedTenant, management: ManagementClient, organization_id: str
) -> None:
    with pytest.raises(NotFoundError):
        await management.list_member_roles(organization_id, USER_ID)
    assert tenant.requests == []


TOO_MUCH = {"large": b'"%s"' % (b"x" * 5_000_000), "deep": b"[" * 2000 + b"]" * 2000}
WITHOUT_METADATA = "fields=user_metadata%2Capp_metadata&include_fields=false"


async def _listed(management: ManagementClient) -> list[User]:
    return list((await management.list_users()).users)


async def _only(management: ManagementClient) -> list[User]:
    return [await management.get_user(USER_ID)]


@pytest.mark.parametrize("metadata", TOO_MUCH.values(), ids=TOO_MUCH.keys())
@pytest.mark.parametrize(
    ("call", "line"),
    [
        pytest.param(_listed, "GET /api/v2/users", id="list_users"),
        pytest.param(_only, GET_USER, id="get_user"),
    ],
)
async def test_metadata_too_large_for_a_response_is_omitted(
    tenant: ScriptedTenant,
    management: ManagementClient,
    call: Callable[[ManagementClient], Awaitable[list[User]]],
    line: str,
    metadata: bytes,
) -> None:
    user = USER | {"user_metadata": {"x": "HERE"}}
    first, second = (user, USER) if line == GET_USER else (USERS | {"users": [user]}, USERS)
    tenant.on(line, Reply(body=json.dumps(first).encode().replace(b'"HERE"', metadata)), json_reply(second))
    (found,) = await call(management)
    assert (found.user_id, found.email, found.user_metadata) == (USER_ID, EMAIL, {})
    assert found.unreadable == ("app_metadata", "user_metadata")
    asked, again = tenant.seen(line)
    assert again.query == "&".join([query for query in (asked.query, WITHOUT_METADATA) if query])


async def test_a_response_too_large_without_metadata_is_an_answer_error(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on("GET /api/v2/users", Reply(body=b" " * 5_000_000))
    error = await _error(management.list_users())
    assert (type(error), error.reason) == (ManagementAnswerError, "answer_too_large")
    assert tenant.count("GET /api/v2/users") == 2


async def test_a_malformed_user_invalidates_neither_the_page_nor_its_total(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    odd: list[object] = [USER | {"email": 7, "user_metadata": ["x"]}, {"email": EMAIL}, None, USER]
    tenant.on("GET /api/v2/users", json_reply(USERS | {"users": odd, "total": 4}))
    page = await management.list_users()
    assert page.total == 4
    assert [user.user_id for user in page.users] == [USER_ID, "", "", USER_ID]
    assert [user.email for user in page.users] == [None, EMAIL, None, EMAIL]
    assert page.users[0].unreadable == ("email", "user_metadata")
    assert page.users[3].unreadable == ()


@pytest.mark.parametrize(
    ("call", "line", "name", "good"),
    [
        pytest.param(lambda m: m.list_user_roles(USER_ID), f"{GET_USER}/roles", "roles", "id", id="roles"),
        pytest.param(lambda m: m.list_user_logs(USER_ID), f"{GET_USER}/logs", "logs", "log_id", id="logs"),
    ],
)
async def test_a_malformed_entry_does_not_invalidate_the_list(
    tenant: ScriptedTenant,
    management: ManagementClient,
    call: Callable[[ManagementClient], Awaitable[Sequence[ManagementModel]]],
    line: str,
    name: str,
    good: str,
) -> None:
    entries = [{good: "the good one", "description": None}, {good: 7}, "text"]
    tenant.on(line, json_reply({name: entries, "total": 3}))
    found = await call(management)
    assert [getattr(each, good) for each in found] == ["the good one", "", ""]
    assert [good in each.unreadable for each in found] == [False, True, True]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=b" " * 5_000_000), id="too-large"),
        pytest.param(Reply(body=b"[" * 100_000), id="too-deep"),
        pytest.param(Reply(body=b"<html>"), id="html"),
        pytest.param(Reply(body=b"x", headers={"Content-Encoding": "gzip"}), id="compressed"),
        pytest.param(json_reply("text"), id="no-object"),
        pytest.param(Reply(204), id="nothing"),
    ],
)
@pytest.mark.parametrize("blocked", [True, False])
async def test_a_change_with_an_unreadable_response_succeeds(
    tenant: ScriptedTenant, management: ManagementClient, reply: Reply, blocked: bool
) -> None:
    tenant.on(f"PATCH {USER_PATH}", reply)
    user = await (management.block_user(USER_ID) if blocked else management.unblock_user(USER_ID))
    assert (user.user_id, user.blocked) == (USER_ID, blocked)
    assert {"email", "user_metadata"} < set(user.unreadable)
    assert tenant.count(f"PATCH {USER_PATH}") == 1


@pytest.mark.parametrize(
    "call",
    [lambda m: m.delete_user(USER_ID), lambda m: m.assign_roles(USER_ID, ["rol_1"])],
    ids=["delete_user", "assign_roles"],
)
async def test_a_change_with_an_unused_large_response_succeeds(
    tenant: ScriptedTenant, management: ManagementClient, call: Call
) -> None:
    for line in (f"DELETE {USER_PATH}", f"POST {USER_PATH}/roles"):
        tenant.on(line, Reply(200, b" " * 5_000_000))
    await call(management)


async def test_a_user_created_with_an_unreadable_response_is_returned(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on("POST /api/v2/users", Reply(201, b"<html>"))
    user = await management.create_user(email=EMAIL, password="Pa55word!", connection="Users")
    assert (user.user_id, "user_id" in user.unreadable) == ("", True)


async def test_an_error_response_with_a_large_body_keeps_its_status(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on(GET_USER, Reply(404, b" " * 5_000_000))
    assert (type(await _error(management.get_user(USER_ID)))) is NotFoundError


async def test_single_members_of_a_user_can_be_requested(
    tenant: ScriptedTenant, management: ManagementClient
) -> None:
    tenant.on(GET_USER, json_reply({"user_id": USER_ID}))
    user = await management.get_user(USER_ID, fields=("user_id", "blocked"))
    assert (user.user_id, user.blocked, user.unreadable) == (USER_ID, False, ())
    assert tenant.seen(GET_USER)[0].query == "fields=user_id%2Cblocked&include_fields=true"


async def test_a_role_with_a_malformed_id_is_not_found(tenant: ScriptedTenant, management: ManagementClient) -> None:
    tenant.on("GET /api/v2/roles", json_reply({"roles": [{"id": 7, "name": "admin"}], "total": 1}))
    assert (await _error(management.find_role("admin"))).reason == "role_name_unknown"
