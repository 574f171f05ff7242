import pytest

from auth0_sso.testing.issuer import Issuer
from support.diagnosis import healthy_tenant
from support.tenant_script import ScriptedTenant


@pytest.fixture
def healthy(issuer: Issuer) -> ScriptedTenant:
    return healthy_tenant(issuer)
