"""Synchronous clients of an app under test: Starlette's `TestClient`, each with a token."""

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

from starlette.types import ASGIApp

from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.testing.clients import NOT_OPEN, Clients
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.tenant import Tenant

with warnings.catch_warnings():
    # Which HTTP client is installed is not the test's affair.
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    from starlette.testclient import TestClient


class AppUnderTest(Clients[TestClient]):
    """What `client` returns: start the app by `with`, and get clients of it, which are Starlette's `TestClient`."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings | None,
        tenant: Tenant | None,
        clock: HandClock | None,
        roles: RoleSource | None,
        options: Mapping[str, Any],
    ) -> None:
        super().__init__(app, settings, tenant, clock, roles)
        self._options = options
        self._stack = ExitStack()
        self._first: TestClient | None = None

    def __enter__(self) -> Self:
        """Start the app: run its lifespan up to `yield`."""
        with ExitStack() as stack:
            stack.enter_context(self._protection.replaced(self._settings, self._opening()))
            self._first = stack.enter_context(TestClient(self.app, **self._options))
            self._open = partial(self._open_client, self._first)
            self._stack = stack.pop_all()
        return self

    def _open_client(self, first: TestClient, headers: Mapping[str, str]) -> TestClient:
        client = TestClient(self.app, headers=dict(headers), **self._options)
        client.portal = first.portal  # the event loop in which the app was started
        client.app_state.update(first.app_state)
        return client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the app: run the rest of its lifespan."""
        self._open = None
        self._stack.close()

    def advance(self, seconds: float) -> None:
        """Move the clock, and let what then happens in the app happen: a WebSocket is closed as its token expires."""
        if self._first is None or self._first.portal is None:
            raise RuntimeError(NOT_OPEN)
        self._first.portal.call(self.clock.advance, seconds)


def client(
    app: ASGIApp,
    *,
    settings: Settings | None = None,
    tenant: Tenant | None = None,
    clock: HandClock | None = None,
    roles: RoleSource | None = None,
    base_url: str = "http://testserver",
    raise_server_exceptions: bool = True,
) -> AppUnderTest:
    """Return a protected app to be started by `with`, which gives clients: `api.as_user(roles={"admin"})`.

    While the block runs the app verifies tokens of `auth0_sso.testing` alone, and asks the tenant in memory; what
    `protect` was given counts again afterwards. `settings` are otherwise those that `protect` was given, with the
    tenant's replaced, or the defaults; the environment is not read. `roles` is a `RoleSource` of your own.

    The app may be an `Auth0Guard` too. Raises `RuntimeError` for any other on which `protect` was not called.
    """
    options = {"base_url": base_url, "raise_server_exceptions": raise_server_exceptions}
    return AppUnderTest(app, settings, tenant, clock, roles, options)
