"""The grant client_credentials: several APIs, no scopes, and organizations."""

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, ORGANIZATIONS, Api, TenantOptions, default_seed
from auth0_devtenant.state import ClientGrant

from .visitor import Visitor, segments

ACME = ORGANIZATIONS[0]
STOCK = "https://stock.example.com"


@pytest.fixture
def options() -> TenantOptions:
    seed = default_seed()
    stock = Api(identifier=STOCK, permissions={"read:stock": "Read stock"}, token_lifetime=600)
    return TenantOptions(seed=seed.model_copy(update={"apis": (*seed.apis, stock)}))


async def machine(visitor: Visitor, **changes: str) -> httpx.Response:
    request = {
        "client_id": MACHINE_CLIENT_ID,
        "client_secret": MACHINE_CLIENT_SECRET,
        "audience": visitor.options.audience,
    }
    return await visitor.machine(**request | changes)


def client_grant(visitor: Visitor) -> ClientGrant:
    grants = visitor.tenant.state.client_grants.values()
    return next(grant for grant in grants if grant.client_id == MACHINE_CLIENT_ID)


async def test_a_token_is_for_one_api_with_its_own_scopes_and_lifetime(visitor: Visitor) -> None:
    state = visitor.tenant.state
    state.client_grants["cgr_stock"] = ClientGrant("cgr_stock", MACHINE_CLIENT_ID, STOCK, ("read:stock",))
    body = (await machine(visitor, audience=STOCK)).json()
    assert (body["scope"], body["expires_in"]) == ("read:stock", 600)
    assert segments(body["access_token"])[1]["aud"] == STOCK
    refused = await machine(visitor, audience=STOCK, scope="read:data")
    assert refused.json()["error_description"] == "Client has not been granted scopes: read:data"


async def test_a_grant_without_scopes_gives_a_token_without_a_scope(visitor: Visitor) -> None:
    client_grant(visitor).scope = ()
    body = (await machine(visitor)).json()
    assert body.keys() == {"access_token", "expires_in", "token_type"}
    claims = segments(body["access_token"])[1]
    assert (claims["permissions"], "scope" in claims) == ([], False)


@pytest.mark.parametrize("name", [ACME.id, ACME.name])
async def test_a_token_for_an_organization_names_it(visitor: Visitor, name: str) -> None:
    claims = segments((await machine(visitor, organization=name)).json()["access_token"])[1]
    assert (claims["org_id"], claims["org_name"]) == (ACME.id, ACME.name)
    assert "org_id" not in segments((await machine(visitor)).json()["access_token"])[1]


@pytest.mark.parametrize(
    ("usage", "organization", "status"),
    [("deny", ACME.id, 403), ("deny", "", 200), ("require", "", 400), ("require", ACME.id, 200), ("allow", "", 200)],
)
async def test_the_client_grant_says_whether_an_organization_is_used(
    visitor: Visitor, usage: str, organization: str, status: int
) -> None:
    client_grant(visitor).organization_usage = usage
    assert (await machine(visitor, organization=organization)).status_code == status


async def test_without_any_organization_only_those_of_the_grant_are_allowed(visitor: Visitor) -> None:
    grant = client_grant(visitor)
    grant.allow_any_organization = False
    assert (await machine(visitor, organization=ACME.id)).json()["error"] == "access_denied"
    grant.organization_ids.append(ACME.id)
    assert (await machine(visitor, organization=ACME.name)).status_code == 200


async def test_an_unknown_organization_is_refused(visitor: Visitor) -> None:
    answer = await machine(visitor, organization="unknown")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
