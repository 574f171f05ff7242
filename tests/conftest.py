"""What every test may ask for: asyncio as the loop, RSA keys made once, and a clock moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from support import environment
from support.clock import HandClock
from support.issuer import Issuer
from support.redis_server import RedisServer, redis_server
from support.token_cases import Forge


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, ...]:
    return tuple(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4))


@pytest.fixture(scope="session")
def issuer(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> Issuer:
    return Issuer(rsa_keys)


@pytest.fixture(scope="session")
def forge(issuer: Issuer) -> Forge:
    return Forge(issuer)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.clear(monkeypatch, tmp_path)
