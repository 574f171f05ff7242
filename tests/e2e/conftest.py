"""What the tests of running processes share."""

from collections.abc import Iterator

import pytest

from support.logged_secrets import watching_commands
from support.process import free_port, tenant


@pytest.fixture(scope="session", autouse=True)
def no_command_shows_a_secret() -> Iterator[None]:
    """Fail the test whose command writes a secret to stderr; `support.process` does so for processes that go on."""
    with watching_commands():
        yield


@pytest.fixture
def tenant_port() -> Iterator[int]:
    port = free_port()
    with tenant(port):
        yield port
