import pytest

from support.diagnosis import diagnose, given
from support.tenant_script import DISCOVERY, Reply, ScriptedTenant


@pytest.mark.parametrize(
    ("audience", "status", "words"),
    [
        ("https://api.acme.com", "pass", "tokens are accepted for https://api.acme.com"),
        ("urn:acme:api", "pass", "tokens are accepted for urn:acme:api"),
        ("https://other.eu.auth0.com/api/v2/", "fail", "is a Management API"),
        ("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF", "warn", "looks like a client id"),
        ("https://api.example.com", "warn", "is a name for examples"),
        ("https://anything.example/api", "warn", "is a name for examples"),
    ],
)
async def test_an_audience_is_what_its_form_says(audience: str, status: str, words: str) -> None:
    tenant = ScriptedTenant()
    tenant.on(DISCOVERY, Reply(404))
    finding = (await diagnose(tenant, given(auth0_audience=(audience,)))).one("audience")
    assert finding.status == status
    assert words in finding.message
