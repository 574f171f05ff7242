from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from support.clock import HandClock
from support.service import Service, running_service


@pytest.fixture
async def service(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> AsyncIterator[Service]:
    async with running_service(rsa_keys, clock) as running:
        yield running
