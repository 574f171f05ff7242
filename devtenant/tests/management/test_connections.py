"""Connections, and the applications that may use them."""

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.seed import DATABASE, ORGANIZATIONS

from ..visitor import ADMIN, Visitor

(ACME,) = ORGANIZATIONS


async def test_connections_are_found_by_strategy_and_name(visitor: Visitor) -> None:
    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await visitor.manage("GET", f"/connections?{query}")).json()]

    assert await names("strategy=auth0&strategy=samlp") == [DATABASE, "acme-saml"]
    assert await names("name=email") == ["email"]
    assert await names("name=none") == []


async def test_a_connection_is_created_changed_and_deleted(visitor: Visitor) -> None:
    new = {"name": "second", "strategy": "auth0", "options": {"passwordPolicy": "low"}}
    created = await visitor.manage("POST", "/connections", new)
    assert created.status_code == 201
    connection = created.json()
    assert connection.items() >= (new | {"realms": ["second"], "enabled_clients": []}).items()
    assert (await visitor.manage("POST", "/connections", new)).status_code == 409
    path = f"/connections/{connection['id']}"
    changed = (await visitor.manage("PATCH", path, {"options": {"requires_username": True}})).json()
    assert changed["options"] == {"requires_username": True}
    renamed = await visitor.manage("PATCH", path, {"name": "other"})
    assert renamed.json()["errorCode"] == "invalid_body"
    deleted = await visitor.manage("DELETE", path)
    assert (deleted.status_code, deleted.json().keys()) == (202, {"deleted_at"})
    assert (await visitor.manage("GET", path)).json()["errorCode"] == "inexistent_connection"


async def test_a_deleted_connection_takes_its_users_along(visitor: Visitor) -> None:
    database = visitor.tenant.connection(DATABASE)
    assert database is not None
    await visitor.manage("DELETE", f"/connections/{database.id}")
    assert ADMIN.user_id not in visitor.tenant.state.users
    organization = visitor.tenant.state.organizations[ACME.id]
    assert (organization.members, organization.connections) == ({}, ("acme-saml",))


async def test_applications_of_a_connection_are_switched(visitor: Visitor) -> None:
    database = visitor.tenant.connection(DATABASE)
    assert database is not None
    path = f"/connections/{database.id}/clients"
    before = (await visitor.manage("GET", path)).json()["clients"]
    assert {"client_id": SPA_CLIENT_ID} in before
    off = [{"client_id": SPA_CLIENT_ID, "status": False}]
    assert (await visitor.manage("PATCH", path, off)).status_code == 204
    assert (await visitor.manage("GET", path)).json()["clients"] == [
        each for each in before if each["client_id"] != SPA_CLIENT_ID
    ]
    assert (await visitor.manage("PATCH", path, [])).json()["errorCode"] == "invalid_body"
    unknown = await visitor.manage("PATCH", path, [{"client_id": "none", "status": True}])
    assert unknown.json()["errorCode"] == "inexistent_client"


async def test_an_unknown_password_policy_is_refused(visitor: Visitor) -> None:
    new = {"name": "second", "strategy": "auth0", "options": {"passwordPolicy": "strong"}}
    assert (await visitor.manage("POST", "/connections", new)).json()["errorCode"] == "invalid_body"
    assert visitor.tenant.connection("second") is None
