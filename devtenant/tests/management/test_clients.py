"""Applications, their grants, and APIs: what is written takes effect at the token endpoint."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, SPA_CLIENT_ID
from auth0_devtenant.seed import ORGANIZATIONS

from ..visitor import USER, Visitor, query_of, segments

(ACME,) = ORGANIZATIONS
API = "https://api.example.com"
ORDERS = {"identifier": "https://orders.example.com/v1", "name": "Orders", "scopes": [{"value": "read:orders"}]}


async def machine(visitor: Visitor, client: dict[str, Any], audience: str = API) -> httpx.Response:
    grant = {"grant_type": "client_credentials", "audience": audience}
    secret = {name: client[name] for name in ("client_id", "client_secret")}
    return await visitor.client.post("oauth/token", json=grant | secret)


async def new_client(visitor: Visitor, **members: object) -> dict[str, Any]:
    answer = await visitor.manage("POST", "/clients", {"name": "Worker", "app_type": "non_interactive"} | members)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_new_machine_gets_tokens_once_it_is_granted_an_api(visitor: Visitor) -> None:
    client = await new_client(visitor)
    assert client["grant_types"] == ["client_credentials"]
    assert "client-grant" in (await machine(visitor, client)).json()["error_description"]
    body = {"client_id": client["client_id"], "audience": API, "scope": ["read:data"]}
    grant = await visitor.manage("POST", "/client-grants", body)
    assert (grant.status_code, grant.json()["id"][:4]) == (201, "cgr_")
    assert (await machine(visitor, client)).json()["scope"] == "read:data"
    changed = await visitor.manage("PATCH", f"/client-grants/{grant.json()['id']}", {"scope": ["write:data"]})
    assert changed.json()["scope"] == ["write:data"]
    assert (await machine(visitor, client)).json()["scope"] == "write:data"
    assert (await visitor.manage("POST", "/client-grants", body)).status_code == 409
    assert (await visitor.manage("DELETE", f"/client-grants/{grant.json()['id']}")).status_code == 204
    assert (await machine(visitor, client)).status_code == 403


async def test_a_grant_has_scopes_of_the_api_only(visitor: Visitor) -> None:
    client = await new_client(visitor)
    body = {"client_id": client["client_id"], "audience": API, "scope": ["read:nothing"]}
    refused = await visitor.manage("POST", "/client-grants", body)
    assert (refused.status_code, "read:nothing" in refused.json()["message"]) == (400, True)
    unknown = await visitor.manage("POST", "/client-grants", body | {"audience": "https://none"})
    assert unknown.json()["errorCode"] == "inexistent_resource_server"


async def test_a_rotated_secret_replaces_the_old_one(visitor: Visitor) -> None:
    old = {"client_id": MACHINE_CLIENT_ID, "client_secret": MACHINE_CLIENT_SECRET}
    new = (await visitor.manage("POST", f"/clients/{MACHINE_CLIENT_ID}/rotate-secret")).json()
    assert (await machine(visitor, old)).status_code == 401
    assert (await machine(visitor, new)).status_code == 200


async def test_a_public_client_has_no_secret_to_rotate(visitor: Visitor) -> None:
    refused = await visitor.manage("POST", f"/clients/{SPA_CLIENT_ID}/rotate-secret")
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "operation_not_supported")


async def test_secrets_are_shown_with_read_client_keys_only(visitor: Visitor) -> None:
    for path in (f"/clients/{MACHINE_CLIENT_ID}", "/clients"):
        hidden = await visitor.manage("GET", path, scope="read:clients")
        assert MACHINE_CLIENT_SECRET not in hidden.text
        shown = await visitor.manage("GET", path, scope="read:clients read:client_keys")
        assert MACHINE_CLIENT_SECRET in shown.text


async def test_changed_callbacks_take_effect(visitor: Visitor) -> None:
    change = {
        "callbacks": ["https://shop.example/callback"],
        "description": "The shop",
        "client_metadata": {"a": "1"},
    }
    changed = (await visitor.manage("PATCH", f"/clients/{SPA_CLIENT_ID}", change)).json()
    assert changed.items() >= change.items()
    assert (await visitor.authorize()).status_code == 400
    answer = await visitor.authorize(redirect_uri="https://shop.example/callback", prompt="none")
    assert query_of(answer)["error"] == "login_required"
    cleared: dict[str, Any] = {"description": None, "client_metadata": {"a": None}, "callbacks": []}
    document = (await visitor.manage("PATCH", f"/clients/{SPA_CLIENT_ID}", cleared)).json()
    assert (document["callbacks"], document["client_metadata"], "description" in document) == ([], {}, False)


async def test_clients_are_listed_by_type_with_length(visitor: Visitor) -> None:
    listed = (await visitor.manage("GET", "/clients?app_type=spa,native&include_totals=true&fields=client_id")).json()
    assert (listed["length"], listed["total"]) == (2, 2)
    assert [client.keys() for client in listed["clients"]] == [{"client_id"}, {"client_id"}]


async def test_a_deleted_client_leaves_nothing_behind(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code())).json()
    for client_id in (SPA_CLIENT_ID, MACHINE_CLIENT_ID):
        assert (await visitor.manage("DELETE", f"/clients/{client_id}")).status_code == 204
    assert (await visitor.authorize()).status_code == 400
    assert visitor.tenant.refresh_token_family(tokens["refresh_token"]) is None
    assert (await visitor.manage("GET", f"/client-grants?client_id={MACHINE_CLIENT_ID}")).json() == []


async def test_an_api_is_created_and_its_dialect_takes_effect(visitor: Visitor) -> None:
    created = await visitor.manage("POST", "/resource-servers", ORDERS | {"token_dialect": "rfc9068_profile"})
    assert created.status_code == 201
    api = created.json()
    assert (api["token_lifetime"], api["enforce_policies"], api["signing_alg"]) == (86_400, False, "RS256")
    assert (await visitor.manage("POST", "/resource-servers", ORDERS)).status_code == 409
    code = await visitor.code(USER, audience=str(ORDERS["identifier"]), scope="read:orders")
    header, claims = segments((await visitor.redeem(code)).json()["access_token"])
    assert (header["typ"], claims["aud"], claims["scope"]) == ("at+jwt", ORDERS["identifier"], "read:orders")
    for name in (api["id"], quote(api["identifier"], safe="")):
        changed = await visitor.manage("PATCH", f"/resource-servers/{name}", {"token_lifetime": 60})
        assert changed.json()["token_lifetime"] == 60


async def test_permissions_that_an_api_loses_are_lost_everywhere(visitor: Visitor) -> None:
    path = f"/resource-servers/{quote(API, safe='')}"
    await visitor.manage("PATCH", path, {"scopes": [{"value": "write:data"}]})
    state = visitor.tenant.state
    assert {each.name for role in state.roles.values() for each in role.permissions} == {"write:data"}
    machine_grants = [grant.scope for grant in state.client_grants.values() if grant.client_id == MACHINE_CLIENT_ID]
    assert machine_grants == [()]
    assert (await visitor.manage("DELETE", path)).status_code == 204
    assert all(role.permissions == () for role in state.roles.values())
    assert (await visitor.manage("GET", path)).json()["errorCode"] == "inexistent_resource_server"


async def test_the_management_api_itself_cannot_be_changed(visitor: Visitor) -> None:
    path = f"/resource-servers/{quote(visitor.options.management_audience, safe='')}"
    assert (await visitor.manage("GET", path)).json()["is_system"] is True
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await visitor.manage(method, path, body)).status_code == 400


@pytest.mark.parametrize("query", ["?identifiers=https://api.example.com", "?per_page=1&page=0"])
async def test_apis_are_listed_by_identifier(visitor: Visitor, query: str) -> None:
    listed = (await visitor.manage("GET", f"/resource-servers{query}")).json()
    assert [api["identifier"] for api in listed] == [API]


async def test_an_algorithm_that_would_have_no_effect_is_refused(visitor: Visitor) -> None:
    change = {"jwt_configuration": {"alg": "HS256"}}
    refused = await visitor.manage("PATCH", f"/clients/{SPA_CLIENT_ID}", change)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "invalid_body")


async def test_organizations_are_added_to_a_client_grant_and_leave_it(visitor: Visitor) -> None:
    (grant,) = (await visitor.manage("GET", f"/client-grants?client_id={MACHINE_CLIENT_ID}")).json()
    change = {"organization_usage": "allow", "allow_any_organization": False}
    changed = await visitor.manage("PATCH", f"/client-grants/{grant['id']}", change)
    assert changed.json() == grant | change
    path = f"/organizations/{ACME.id}/client-grants"
    assert (await visitor.manage("POST", path, {"grant_id": grant["id"]})).status_code == 201
    assert (await visitor.manage("GET", path)).json() == [grant | change]
    organizations = f"/client-grants/{grant['id']}/organizations"
    assert [each["id"] for each in (await visitor.manage("GET", organizations)).json()] == [ACME.id]
    assert (await visitor.manage("DELETE", f"{path}/{grant['id']}")).status_code == 204
    assert (await visitor.manage("GET", path)).json() == []
    await visitor.manage("POST", path, {"grant_id": grant["id"]})
    await visitor.manage("DELETE", f"/organizations/{ACME.id}")
    assert (await visitor.manage("GET", organizations)).json() == []
