import pytest

from support.diagnosis import MANAGEMENT, diagnose, given
from support.tenant_script import DISCOVERY, Reply, ScriptedTenant


@pytest.fixture
def nowhere() -> ScriptedTenant:
    tenant = ScriptedTenant()
    tenant.on(DISCOVERY, Reply(404))
    return tenant


@pytest.mark.parametrize(
    ("domain", "status", "words"),
    [
        ("acme.eu.auth0.com", "pass", "is a tenant's own domain"),
        ("https://ACME.eu.auth0.com/", "pass", "acme.eu.auth0.com is a tenant's own domain"),
        ("login.acme.com", "pass", "is a custom domain"),
        ("127.0.0.1:3001", "pass", "is a development tenant"),
        ("localhost", "pass", "is a development tenant"),
        ("manage.auth0.com", "fail", "is a site of Auth0's own"),
        ("acme", "fail", "is a name without a domain"),
    ],
)
async def test_a_domain_is_what_its_form_says(nowhere: ScriptedTenant, domain: str, status: str, words: str) -> None:
    finding = (await diagnose(nowhere, given(auth0_domain=domain))).one("domain")
    assert finding.status == status
    assert words in finding.message
    assert bool(finding.fix) == (status == "fail")


async def test_two_tenants_in_one_configuration_fail(nowhere: ScriptedTenant) -> None:
    changes = {"auth0_domain": "acme.eu.auth0.com", "auth0_issuer_base_url": "https://other.eu.auth0.com"}
    finding = (await diagnose(nowhere, given(**changes))).one("issuer")
    assert finding.status == "fail"
    assert finding.message.startswith("tokens of https://other.eu.auth0.com/ are accepted")


async def test_a_custom_domain_needs_the_tenants_own_for_the_management_api(nowhere: ScriptedTenant) -> None:
    changes = {"auth0_domain": "acme.eu.auth0.com", "auth0_issuer_base_url": "https://login.acme.com", **MANAGEMENT}
    issuer, management = (await diagnose(nowhere, given(**changes))).of("issuer")
    assert (issuer.status, management.status) == ("pass", "warn")
    assert issuer.message == "tokens are accepted from https://login.acme.com/, a custom domain"
    assert "AUTH0_MANAGEMENT_BASE_URL=https://acme.eu.auth0.com/" in management.fix
    own = {
        "auth0_management_base_url": "https://acme.eu.auth0.com/",
        "auth0_management_audience": "https://acme.eu.auth0.com/api/v2/",
    }
    assert (await diagnose(nowhere, given(**changes, **own))).statuses("issuer") == ["pass"]
