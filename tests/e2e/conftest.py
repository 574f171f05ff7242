"""What the tests of running processes share."""

from collections.abc import Iterator

import pytest

from support.process import free_port, tenant


@pytest.fixture
def tenant_port() -> Iterator[int]:
    port = free_port()
    with tenant(port):
        yield port
