"""What every test may ask for: asyncio as the loop, RSA keys made once, a clock moved by hand, and what is tested."""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.management.client import ManagementClient
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import Issuer
from support import environment
from support.clock import SkippingClock
from support.logged_secrets import MANAGEMENT_TOKEN, LoggedSecrets, lines_with_secrets, watching
from support.management_chain import ManagementChain, management_chain
from support.postgresql_server import PostgresServer, postgresql_server
from support.redis_server import RedisServer, redis_server
from support.service import Service, running_service
from support.tenant_script import TOKEN, ScriptedTenant, token_reply
from support.token_cases import NOW
from support.watched_processes import watching_processes

pytest_plugins = ["pytester"]

LOGGED = pytest.StashKey[LoggedSecrets]()

# Its exceptions are httpx's for the whole run; pytester removes what was first imported during one of its tests.
httpx.HTTPTransport().close()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    """Watch from now on, and so the imports of test files too."""
    watches = ExitStack()
    config.stash[LOGGED] = watches.enter_context(watching())
    watches.enter_context(watching_processes())
    config.add_cleanup(watches.close)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test, setup or teardown after which pytest has captured a secret: of processes that inherit stderr."""
    report = yield
    captured = dict(report.sections).get(f"Captured stderr {report.when}", "")
    if report.passed and (lines := lines_with_secrets(captured)):
        report.outcome, report.longrepr = "failed", f"captured stderr shows a secret in lines {lines}"
    return report


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_logged(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail at the end of the run if any record of any test had a token or a secret."""
    yield
    found = pytestconfig.stash[LOGGED].found
    assert not found, "\n".join(sorted(set(found)))


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, ...]:
    return tuple(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4))


@pytest.fixture(scope="session")
def issuer(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> Issuer:
    return Issuer(rsa_keys)


@pytest.fixture(scope="session")
def forge(issuer: Issuer) -> Forge:
    return Forge(issuer, NOW)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A server for tests that leave it running."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
def empty_database(postgresql: PostgresServer) -> str:
    """The URL of a database of the test's own, without the table."""
    return postgresql.url(postgresql.create_database())


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW, short_pause=-1)


@pytest.fixture
def skipping(clock: HandClock) -> SkippingClock:
    return SkippingClock(clock)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.clear(monkeypatch, tmp_path)


@pytest.fixture
def tenant(clock: HandClock) -> ScriptedTenant:
    return ScriptedTenant(clock.wall)


@pytest.fixture
async def client(tenant: ScriptedTenant) -> AsyncIterator[httpx.AsyncClient]:
    async with tenant.client() as client:
        yield client


@pytest.fixture
async def chain(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, skipping: SkippingClock
) -> AsyncIterator[ManagementChain]:
    tenant.on(TOKEN, token_reply(MANAGEMENT_TOKEN))
    async with management_chain(client, clock, pauses=skipping) as chain:
        yield chain


@pytest.fixture
def management(chain: ManagementChain) -> ManagementClient:
    return chain.client


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis.url, timeout=5)
    yield store
    await store.aclose()


@pytest.fixture
async def service(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> AsyncIterator[Service]:
    async with running_service(rsa_keys, clock) as running:
        yield running
