"""The signing keys of the scripted tenant, and the key source that fetches them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, Issuer
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant


@pytest.fixture
def pages(tenant: ScriptedTenant, issuer: Issuer) -> KeyPages:
    pages = KeyPages(tenant, issuer)
    pages.show("key-0")
    return pages


@pytest.fixture
async def jwks(client: httpx.AsyncClient, clock: HandClock, pages: KeyPages) -> AsyncIterator[RemoteJwks]:
    jwks = RemoteJwks(client, ISSUER, clock=clock)
    yield jwks
    await jwks.aclose()
