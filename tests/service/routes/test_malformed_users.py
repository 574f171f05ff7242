"""Users with unexpected values in their records: they are shown as far as possible, and all others as always."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.service import ADMIN, MANAGER, USER, Service, person_id


class Rewriting(httpx.AsyncBaseTransport):
    """Rewrites members of one user, given as JSON texts, in the responses of the tenant."""

    def __init__(self, inner: httpx.AsyncBaseTransport, user_id: str, members: dict[str, str]) -> None:
        self._inner = inner
        self._user_id = user_id
        self._members = members

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if request.url.path.startswith("/api/v2/users") and body:
            body = self._rewritten(json.loads(body))
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(body))

    def _rewritten(self, document: dict[str, Any]) -> bytes:
        places = {name: f"the place of {name}" for name in self._members}
        for user in document.get("users", [document]):
            if user.get("user_id") == self._user_id:
                user.update(places)
        text = json.dumps(document)
        for name, place in places.items():
            text = text.replace(f'"{place}"', self._members[name])
        return text.encode()


def user_path(email: str) -> str:
    return f"/admin/users/{quote(person_id(email), safe='')}"


ODD = [
    pytest.param({"user_metadata": '{"x": 100000000000000000000}'}, [], id="21-digit-integer"),
    pytest.param({"user_metadata": '{"x": %s}' % ("9" * 5000)}, [], id="endless-integer"),
    pytest.param({"user_metadata": '{"x": 1e+21, "y": 1e999}'}, [], id="large-floats"),
    pytest.param({"user_metadata": '{"x": "\\ud800", "\\udfff": 1}'}, [], id="lone-surrogates"),
    pytest.param({"user_metadata": '{"x": %s}' % ("[" * 29 + "]" * 29)}, [], id="30-levels"),
    pytest.param({"user_metadata": '{"x": %s}' % ("[" * 300 + "]" * 300)}, ["metadata"], id="301-levels"),
    pytest.param({"app_metadata": '{"x": %s}' % ("[" * 500 + "]" * 500)}, ["appMetadata"], id="501-levels"),
    pytest.param({"user_metadata": '{"a": 1, "a": 2}'}, [], id="a-name-twice"),
    pytest.param({"user_metadata": "null", "app_metadata": "null"}, [], id="metadata-null"),
    pytest.param(
        {"user_metadata": "[]", "app_metadata": '"x"'}, ["appMetadata", "metadata"], id="metadata-no-objects"
    ),
    pytest.param({"email_verified": "null", "blocked": "null", "logins_count": "null"}, [], id="null"),
    pytest.param({"last_login": "{}", "created_at": '{"x": 1}'}, ["createdAt", "lastLogin"], id="dates-as-objects"),
    pytest.param({"email_verified": '"true"'}, [], id="email-verified-in-text"),
    pytest.param(
        {"email_verified": '"perhaps"', "logins_count": "1.5"}, ["emailVerified", "loginsCount"], id="no-such-values"
    ),
    pytest.param({"name": "7", "picture": "{}"}, ["name", "picture"], id="no-texts"),
]


@pytest.mark.parametrize(("members", "unreadable"), ODD)
async def test_one_malformed_user_affects_only_that_user(
    service: Service, members: dict[str, str], unreadable: list[str]
) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    service.wire.inner = Rewriting(service.wire.inner, person_id(MANAGER), members)
    listed = await service.api.get("/admin/users", headers=admin)
    assert listed.status_code == 200
    page = listed.json()
    assert (page["total"], [user["id"] for user in page["users"]]) == (
        3,
        [person_id(who) for who in (ADMIN, MANAGER, USER)],
    )
    assert [sorted(user.get("unreadable", [])) for user in page["users"]] == [[], unreadable, []]

    single = await service.api.get(user_path(MANAGER), headers=admin)
    assert single.json() == page["users"][1]
    own = await service.api.get("/profile", headers=manager)
    assert (own.status_code, own.json()["profile"]["email"]) == (200, MANAGER)
    assert set(own.json()["profile"].get("unreadable", [])) == set(unreadable) - {"createdAt"}
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 200

    blocked = await service.api.put(user_path(MANAGER) + "/block", headers=admin)
    assert blocked.status_code == 200
    kept = (await service.manage("GET", f"/users/{quote(person_id(MANAGER), safe='')}")).json()
    assert kept["blocked"] is True


async def test_json_values_reach_the_administrator_unchanged(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    metadata = '{"big": 100000000000000000000, "float": 1e+21, "text": "a\\ud800b", "pair": "\\ud83d\\ude00"}'
    service.wire.inner = Rewriting(service.wire.inner, person_id(USER), {"user_metadata": metadata})
    shown = (await service.api.get(user_path(USER), headers=admin)).json()
    assert shown["metadata"] == {"big": 10**20, "float": 1e21, "text": "a\ufffdb", "pair": "\U0001f600"}
    assert "unreadable" not in shown


@pytest.mark.parametrize("blocked", ['"no"', "0", "{}"])
async def test_a_block_that_cannot_be_read_removes_every_role(service: Service, blocked: str) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    service.wire.inner = Rewriting(service.wire.inner, person_id(MANAGER), {"blocked": blocked})
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 403
    shown = (await service.api.get(user_path(MANAGER), headers=admin)).json()
    assert (shown["blocked"], shown["unreadable"]) == (True, ["blocked"])


async def test_a_user_without_a_readable_id_stays_in_the_page(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    service.wire.inner = Rewriting(service.wire.inner, person_id(USER), {"user_id": "7"})
    page = (await service.api.get("/admin/users", headers=admin)).json()
    odd = page["users"][2]
    assert (page["total"], odd["id"], odd["email"], odd["unreadable"]) == (3, None, USER, ["id"])


async def test_a_new_user_without_a_readable_id_has_no_location(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    await service.api.get("/dashboard", headers=admin)
    body = json.dumps({"user_id": 7, "email": "new@example.com"}).encode()
    service.wire.inner = httpx.MockTransport(lambda _: httpx.Response(201, stream=httpx.ByteStream(body)))
    new = {"email": "new@example.com", "password": "New-password-1!"}
    created = await service.api.post("/admin/users", headers=admin, json=new)
    assert (created.status_code, created.json()["id"], created.json()["unreadable"]) == (201, None, ["id"])
    assert "Location" not in created.headers


async def grown(service: Service, email: str) -> None:
    """Write metadata that is too large for one response, directly at the tenant."""
    path = f"/users/{quote(person_id(email), safe='')}"
    for number in range(6):
        await service.manage("PATCH", path, {"user_metadata": {f"k{number}": "x" * 1_000_000}})


async def test_metadata_too_large_for_a_page_is_left_out(service: Service) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    await grown(service, MANAGER)
    page = (await service.api.get("/admin/users", headers=admin)).json()
    assert [user["email"] for user in page["users"]] == [ADMIN, MANAGER, USER]
    assert {tuple(sorted(user["unreadable"])) for user in page["users"]} == {("appMetadata", "metadata")}
    profile = (await service.api.get("/profile", headers=manager)).json()["profile"]
    assert (profile["email"], profile["metadata"]) == (MANAGER, {})
    assert "metadata" in profile["unreadable"]
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 200


async def test_a_user_with_too_much_metadata_can_be_changed(service: Service) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    await grown(service, MANAGER)
    blocked = await service.api.put(user_path(MANAGER) + "/block", headers=admin)
    assert (blocked.status_code, blocked.json()["id"], blocked.json()["blocked"]) == (200, person_id(MANAGER), True)
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 401
    unblocked = await service.api.delete(user_path(MANAGER) + "/block", headers=admin)
    assert (unblocked.status_code, unblocked.json()["blocked"]) == (200, False)


async def test_a_user_with_too_much_metadata_can_only_delete(service: Service) -> None:
    manager = await service.as_user(MANAGER)
    await grown(service, MANAGER)

    async def change(metadata: dict[str, object]) -> httpx.Response:
        return await service.api.post("/profile/metadata", headers=manager, json={"metadata": metadata})

    assert (await change({"theme": "dark"})).status_code == 422
    first = await change({"k0": None})
    assert (first.status_code, first.json()["unreadable"]) == (200, ["metadata"])
    rest = await change({f"k{number}": None for number in range(1, 6)})
    assert (rest.status_code, rest.json()["metadata"], rest.json().get("unreadable")) == (200, {}, None)
    assert (await change({"theme": "dark"})).json()["metadata"] == {"theme": "dark"}


async def test_unreadable_roles_and_log_events_are_marked(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    await service.api.get("/dashboard", headers=admin)

    odd = {
        "roles": [{"id": "rol_1", "name": "admin", "description": None}, {"id": 7, "name": "x"}, "text"],
        "logs": [{"log_id": "1", "date": {"$date": 7}, "type": "s", "ip": 7}, None],
        "total": 3,
    }
    body = json.dumps(odd).encode()
    service.wire.inner = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    roles = (await service.api.get(f"{user_path(USER)}/roles", headers=admin)).json()["roles"]
    assert roles == [
        {"id": "rol_1", "name": "admin", "description": None},
        {"id": None, "name": "x", "description": None, "unreadable": ["id"]},
        {"id": None, "name": None, "description": None, "unreadable": ["id", "name", "description"]},
    ]
    logs = (await service.api.get(f"{user_path(USER)}/logs", headers=admin)).json()["logs"]
    assert [(line["id"], line["date"], line["type"]) for line in logs] == [("1", None, "s"), (None, None, None)]
    assert [line["unreadable"] for line in logs] == [["date", "ip"], ["id", "date", "type", "description", "ip"]]
