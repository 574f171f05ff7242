"""AUTH0_ISSUERS, as `auth0-sso doctor` sees it."""

import json

from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, user_claims
from support.diagnosis import MANAGEMENT, SECRET, ByHost, diagnose, given, tenant_of, token_error
from support.tenant_script import TOKEN, ScriptedTenant
from support.token_cases import NOW

CUSTOM, OTHER = "https://login.example.com/", "https://other.example.com/"


def entries(**changes: object) -> str:
    own = {"domain": "other.example.com", "management_client_id": "m", "management_client_secret": SECRET}
    return json.dumps([CUSTOM, own | changes])


async def test_one_issuer_has_nothing_to_check(healthy: ScriptedTenant) -> None:
    assert (await diagnose(healthy, given())).statuses("other-issuers") == ["skip"]


async def test_domains_and_tenants_are_checked_each_by_its_name(healthy: ScriptedTenant, issuer: Issuer) -> None:
    network = ByHost(tenant=healthy, login=tenant_of(issuer, CUSTOM), other=tenant_of(issuer, OTHER))
    found = (await diagnose(network, given(auth0_issuers=entries(), **MANAGEMENT))).of("other-issuers")
    assert [each.status for each in found] == ["pass"] * len(found)
    assert [each.message.split(": ")[0] for each in found] == [CUSTOM] * 2 + [OTHER] * (len(found) - 2)
    assert any("Management" in each.message for each in found[2:])


async def test_what_is_wrong_with_another_tenant_is_said_of_it(healthy: ScriptedTenant, issuer: Issuer) -> None:
    other = tenant_of(issuer, OTHER)
    other.on(TOKEN, token_error(401, "access_denied", "Unauthorized"))
    network = ByHost(tenant=healthy, login=tenant_of(issuer, ISSUER), other=other)
    found = await diagnose(network, given(auth0_issuers=entries(), **MANAGEMENT))
    failures = [each.message for each in found.of("other-issuers") if each.status == "fail"]
    assert failures[0].startswith(f"{CUSTOM}: ")
    assert "names another issuer" in failures[0]
    assert failures[1].startswith(f"{OTHER}: ")
    assert found.one("management").status == "pass", "the first tenant's is right"
    assert SECRET not in str(found.lines)


async def test_a_token_of_another_tenant_is_looked_at_with_that_tenants_keys(
    healthy: ScriptedTenant, issuer: Issuer
) -> None:
    network = ByHost(tenant=healthy, login=tenant_of(issuer, CUSTOM), other=tenant_of(issuer, OTHER))
    token = issuer.token(user_claims(NOW, iss=OTHER, aud=AUDIENCE))
    found = await diagnose(network, given(auth0_issuers=entries()), token=token)
    assert found.one("token").message == "the given token is accepted"
    elsewhere = issuer.token(user_claims(NOW, iss="https://third.example.com/", aud=AUDIENCE))
    found = await diagnose(network, given(auth0_issuers=entries()), token=elsewhere)
    assert found.one("token").message == "the given token is refused (iss_mismatch)"
