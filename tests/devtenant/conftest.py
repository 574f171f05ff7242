from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import TenantOptions, create_tenant
from support.clock import HandClock
from support.devtenant import Visitor


@pytest.fixture
def options() -> TenantOptions:
    return TenantOptions()


@pytest.fixture
async def visitor(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, options: TenantOptions
) -> AsyncIterator[Visitor]:
    app = create_tenant(options, now=clock.wall, signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=options.issuer) as client:
        yield Visitor(client, options, clock)
