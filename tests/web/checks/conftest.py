from collections.abc import AsyncIterator

import pytest

from auth0_sso import StaticKeys
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.services.services import Services, open_services
from support.noted_roles import NotedRoles
from support.own_app import own_settings


@pytest.fixture
def roles() -> NotedRoles:
    return NotedRoles()


@pytest.fixture
async def services(issuer: Issuer, clock: HandClock, roles: NotedRoles) -> AsyncIterator[Services]:
    settings = own_settings(auth_failure_rate_limit="2/minute")
    keys = StaticKeys(issuer.jwks("key-0"))
    async with open_services(settings, roles=roles, keys=keys, clock=clock) as opened:
        yield opened
