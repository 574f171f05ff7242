"""The pytest plugin: fixtures to test an app that is protected. Nothing is imported before a test uses one.

`auth0_client` starts an app and gives clients of it; `hostile_token` runs a test once for each hostile token.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from auth0_sso.roles.source import RoleSource
    from auth0_sso.settings import Settings
    from auth0_sso.testing.app_under_test import AppUnderTest
    from auth0_sso.testing.clock import HandClock
    from auth0_sso.testing.tenant import Tenant


class ClientFactory(Protocol):
    """The type of the fixture `auth0_client`."""

    def __call__(
        self,
        app: "ASGIApp",
        *,
        settings: "Settings | None" = None,
        tenant: "Tenant | None" = None,
        clock: "HandClock | None" = None,
        roles: "RoleSource | None" = None,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
    ) -> "AppUnderTest":
        """Start the app until the test ends; the arguments are those of `auth0_sso.testing.client`."""


@pytest.fixture
def auth0_client() -> Iterator[ClientFactory]:
    """Start apps that call `protect`, and get clients of them: `auth0_client(app).as_user(roles={"admin"})`."""
    from auth0_sso.testing.app_under_test import AppUnderTest, client  # noqa: PLC0415 - only for tests that use it

    with ExitStack() as stack:

        def start(app: "ASGIApp", **options: object) -> AppUnderTest:
            return stack.enter_context(client(app, **options))  # type: ignore[arg-type]  # ClientFactory types them

        yield start


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `hostile_token` once for each of the table."""
    if "hostile_token" in metafunc.fixturenames:
        from auth0_sso.testing.hostile.token import hostile_tokens  # noqa: PLC0415 - only for tests that use it

        metafunc.parametrize("hostile_token", hostile_tokens(), ids=lambda token: token.id)
