"""The pytest plugin: a tenant over real HTTP for each test. Nothing is imported before a test uses it.

One tenant is started for a test session (with pytest-xdist: for each worker), on a free port, and reset after each
test.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from auth0_devtenant.seed import Seed
    from auth0_devtenant.serving import RunningTenant


@pytest.fixture(scope="session")
def auth0_tenant_seed() -> "Seed | None":
    """Return what the tenant starts with; override this fixture for people, applications and APIs of your own."""
    return None


@pytest.fixture(scope="session")
def auth0_tenant_server(auth0_tenant_seed: "Seed | None") -> Iterator["RunningTenant"]:
    """Serve the tenant until the session ends; what a test does to it stays."""
    from auth0_devtenant.serving import running_tenant  # noqa: PLC0415 - only for tests that use it

    with running_tenant(auth0_tenant_seed) as running:
        yield running


@pytest.fixture
def auth0_tenant(auth0_tenant_server: "RunningTenant") -> Iterator["RunningTenant"]:
    """Return the tenant, which is reset after the test."""
    yield auth0_tenant_server
    auth0_tenant_server.reset()
