"""The parameter `resource` (RFC 8707) and the metadata that clients of MCP servers look for (RFC 8414)."""

import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET

from .visitor import Visitor, query_of, segments

MACHINE = {
    "grant_type": "client_credentials",
    "client_id": MACHINE_CLIENT_ID,
    "client_secret": MACHINE_CLIENT_SECRET,
}


async def test_a_login_with_resource_gets_a_token_for_that_api(visitor: Visitor) -> None:
    code = await visitor.code(audience=None, resource=visitor.options.audience)
    claims = segments((await visitor.redeem(code)).json()["access_token"])[1]
    assert visitor.options.audience in claims["aud"]


async def test_a_machine_can_name_the_api_as_resource(visitor: Visitor) -> None:
    answer = await visitor.client.post("oauth/token", data=MACHINE | {"resource": visitor.options.audience})
    assert segments(answer.json()["access_token"])[1]["aud"] == visitor.options.audience


async def test_the_audience_comes_before_the_resource(visitor: Visitor) -> None:
    more = {"audience": visitor.options.audience, "resource": "https://unknown.example.com"}
    answer = await visitor.client.post("oauth/token", data=MACHINE | more)
    assert segments(answer.json()["access_token"])[1]["aud"] == visitor.options.audience


async def test_an_unknown_resource_is_refused(visitor: Visitor) -> None:
    answer = await visitor.authorize(audience=None, resource="https://unknown.example.com")
    assert query_of(answer)["error"] == "access_denied"


async def test_the_tenant_setting_switches_the_resource_off(visitor: Visitor) -> None:
    await visitor.manage("PATCH", "/tenants/settings", {"resource_parameter_profile": "audience"})
    answer = await visitor.client.post("oauth/token", data=MACHINE | {"resource": visitor.options.audience})
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


@pytest.mark.parametrize("path", ["openid-configuration", "oauth-authorization-server"])
async def test_both_metadata_documents_name_the_issuer_with_its_slash(visitor: Visitor, path: str) -> None:
    metadata = (await visitor.client.get(f".well-known/{path}")).json()
    assert metadata["issuer"] == visitor.options.issuer
    assert metadata["token_endpoint"] == f"{visitor.options.issuer}oauth/token"
