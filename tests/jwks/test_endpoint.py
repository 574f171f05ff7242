import httpx
import pytest

from auth0_sso.http.bounded_http import FetchError
from auth0_sso.jwks.endpoint import JwksEndpoint
from auth0_sso.testing.issuer import ISSUER, Issuer
from support.tenant_keys import KeyPages
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant, json_reply

ETAG = 'W/"36d-1"'


@pytest.fixture
def endpoint(client: httpx.AsyncClient, pages: KeyPages) -> JwksEndpoint:
    return JwksEndpoint(client, ISSUER, ["RS256"], max_age=600, timeout=5)


def tagged(issuer: Issuer, *kids: str, etag: str = ETAG) -> Reply:
    return json_reply(issuer.jwks(*kids), headers={"ETag": etag, "Cache-Control": "max-age=400"})


async def test_a_set_that_did_not_change_is_not_sent_again(
    endpoint: JwksEndpoint, tenant: ScriptedTenant, issuer: Issuer
) -> None:
    unchanged = Reply(304, headers={"ETag": ETAG, "Cache-Control": "max-age=900"})
    tenant.on(JWKS, tagged(issuer, "key-0"), unchanged, tagged(issuer, "key-1", etag='"2"'))
    first, second, third = [await endpoint.fetch() for _ in range(3)]
    assert second.keys is first.keys
    assert (first.max_age, second.max_age) == (400, 900)
    assert set(third.keys.keys) == {("key-1", "RS256")}
    asked = [request.headers.get("If-None-Match") for request in tenant.seen(JWKS)]
    assert asked == [None, ETAG, ETAG]


async def test_the_keys_of_an_issuer_without_a_trailing_slash_are_found(
    client: httpx.AsyncClient, tenant: ScriptedTenant, pages: KeyPages
) -> None:
    issuer = ISSUER.removesuffix("/")
    endpoint = JwksEndpoint(client, issuer, ["RS256"], max_age=600, timeout=5)
    with pytest.raises(FetchError, match="discovery_issuer_mismatch"):
        await endpoint.fetch()
    tenant.on(DISCOVERY, json_reply({"issuer": issuer, "jwks_uri": f"{issuer}/.well-known/jwks.json"}))
    assert (await endpoint.fetch()).keys.keys
    assert tenant.count(DISCOVERY) == 2


async def test_without_an_etag_the_whole_set_is_requested(endpoint: JwksEndpoint, tenant: ScriptedTenant) -> None:
    for _ in range(2):
        await endpoint.fetch()
    assert [request.headers.get("If-None-Match") for request in tenant.seen(JWKS)] == [None, None]


async def test_a_304_to_an_unconditional_request_is_a_failure(endpoint: JwksEndpoint, tenant: ScriptedTenant) -> None:
    tenant.on(JWKS, Reply(304))
    with pytest.raises(FetchError, match="status_304"):
        await endpoint.fetch()


async def test_a_failure_invalidates_the_etag_and_the_discovered_url(
    endpoint: JwksEndpoint, tenant: ScriptedTenant, issuer: Issuer
) -> None:
    tenant.on(JWKS, tagged(issuer, "key-0"), Reply(500), tagged(issuer, "key-0"))
    await endpoint.fetch()
    with pytest.raises(FetchError, match="status_500"):
        await endpoint.fetch()
    await endpoint.fetch()
    assert [request.headers.get("If-None-Match") for request in tenant.seen(JWKS)] == [None, ETAG, None]
    assert tenant.count(DISCOVERY) == 2


@pytest.mark.parametrize("etag", ["", "x" * 257, "\u00e9"], ids=["empty", "long", "beyond-ascii"])
async def test_an_etag_that_cannot_be_sent_is_ignored(
    endpoint: JwksEndpoint, tenant: ScriptedTenant, issuer: Issuer, etag: str
) -> None:
    tenant.on(JWKS, tagged(issuer, "key-0", etag=etag))
    for _ in range(2):
        await endpoint.fetch()
    assert "If-None-Match" not in tenant.seen(JWKS)[1].headers
