"""Dynamic client registration: off by default, open to anyone once it is on."""

from typing import Any

import pytest

from auth0_devtenant import TenantOptions, create_tenant
from auth0_devtenant.seed import default_seed

from .visitor import Visitor

CALLBACK = "https://agent.example.com/callback"
PUBLIC: dict[str, Any] = {
    "client_name": "Agent",
    "redirect_uris": [CALLBACK],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
}


async def turn_on(visitor: Visitor) -> None:
    await visitor.manage("PATCH", "/tenants/settings", {"flags": {"enable_dynamic_client_registration": True}})


async def test_nothing_is_registered_unless_the_tenant_allows_it(visitor: Visitor) -> None:
    before = dict(visitor.tenant.state.clients)
    answer = await visitor.client.post("oidc/register", json=PUBLIC)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert visitor.tenant.state.clients == before


def test_the_seed_can_turn_it_on() -> None:
    seed = default_seed().model_copy(update={"dynamic_client_registration": True})
    tenant = create_tenant(TenantOptions(seed=seed)).state.tenant
    assert tenant.state.tenant_settings == {"flags": {"enable_dynamic_client_registration": True}}


async def test_a_public_client_gets_an_id_and_no_secret(visitor: Visitor) -> None:
    await turn_on(visitor)
    answer = await visitor.client.post("oidc/register", json=PUBLIC)
    body = answer.json()
    assert answer.status_code == 201
    assert body == PUBLIC | {"client_id": body["client_id"], "grant_types": ["authorization_code", "refresh_token"]}
    client = visitor.tenant.state.clients[body["client_id"]]
    assert (client.is_first_party, client.is_public, client.callback_urls) == (False, True, (CALLBACK,))


async def test_a_confidential_client_authenticates_with_its_secret(visitor: Visitor) -> None:
    await turn_on(visitor)
    body = (await visitor.client.post("oidc/register", json={"redirect_uris": [CALLBACK]})).json()
    assert body["client_secret_expires_at"] == 0
    for secret, error in ((body["client_secret"], "invalid_grant"), ("wrong", "access_denied")):
        grant = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
        credentials = {"client_id": body["client_id"], "client_secret": secret}
        assert (await visitor.client.post("oauth/token", data=grant | credentials)).json()["error"] == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://agent.example.com/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://agent.example.com/"}, "invalid_client_metadata"),
        ({"grant_types": [1]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": []}, "invalid_client_metadata"),
    ],
)
async def test_malformed_metadata_registers_nothing(visitor: Visitor, changes: dict[str, Any], error: str) -> None:
    await turn_on(visitor)
    before = dict(visitor.tenant.state.clients)
    answer = await visitor.client.post("oidc/register", json=PUBLIC | changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert visitor.tenant.state.clients == before


async def test_the_discovery_document_names_the_endpoint(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["registration_endpoint"] == f"{visitor.options.issuer}oidc/register"
