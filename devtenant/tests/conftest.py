from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import TenantOptions, create_tenant

from .clock import ManualClock
from .visitor import Visitor


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, ...]:
    return tuple(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def options() -> TenantOptions:
    return TenantOptions()


@pytest.fixture
async def visitor(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: ManualClock, options: TenantOptions
) -> AsyncIterator[Visitor]:
    app = create_tenant(options, now=clock.wall, signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=options.issuer) as client:
        yield Visitor(client, options, clock, app.state.tenant)
