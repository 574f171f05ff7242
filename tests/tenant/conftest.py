"""A scripted tenant, a client that reaches it, and the issuer's keys kept by what is tested."""

from collections.abc import AsyncIterator

import httpx
import pytest

from auth0_sso.tenant.jwks import RemoteJwks
from support.clock import HandClock
from support.issuer import ISSUER, Issuer
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant


@pytest.fixture
def tenant(clock: HandClock) -> ScriptedTenant:
    return ScriptedTenant(clock.time)


@pytest.fixture
async def client(tenant: ScriptedTenant) -> AsyncIterator[httpx.AsyncClient]:
    async with tenant.client() as client:
        yield client


@pytest.fixture
def pages(tenant: ScriptedTenant, issuer: Issuer) -> KeyPages:
    pages = KeyPages(tenant, issuer)
    pages.show("key-0")
    return pages


@pytest.fixture
async def jwks(client: httpx.AsyncClient, clock: HandClock, pages: KeyPages) -> AsyncIterator[RemoteJwks]:
    jwks = RemoteJwks(client, ISSUER, clock=clock.time, sleep=clock.sleep)
    yield jwks
    await jwks.aclose()
