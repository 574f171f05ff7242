"""Asynchronous clients of an app under test: `httpx.AsyncClient`, each with a token."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from auth0_sso.http.client import httpx
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.testing.clients import Clients
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.tenant import Tenant


class AsyncAppUnderTest(Clients[httpx.AsyncClient]):
    """What `async_client` returns: start the app by `async with`, and get clients of it, `httpx.AsyncClient`s."""

    def __init__(
        self,
        app: FastAPI,
        settings: Settings | None,
        tenant: Tenant | None,
        clock: HandClock | None,
        roles: RoleSource | None,
        *,
        base_url: str,
        raise_server_exceptions: bool,
    ) -> None:
        super().__init__(app, settings, tenant, clock, roles)
        self._fastapi = app
        self._base_url = base_url
        self._raise = raise_server_exceptions
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the app: run its lifespan up to `yield`."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self._protection.replaced(self._settings, self._opening()))
            running: AbstractAsyncContextManager[Any] = self._fastapi.router.lifespan_context(self._fastapi)
            state = await stack.enter_async_context(running)
            self._open = partial(
                self._open_client, httpx.ASGITransport(_with_state(self._fastapi, state), self._raise)
            )
            self._stack = stack.pop_all()
        return self

    def _open_client(self, transport: httpx.ASGITransport, headers: Mapping[str, str]) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=transport, base_url=self._base_url, headers=dict(headers))
        self._stack.push_async_callback(client.aclose)
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the app: run the rest of its lifespan."""
        self._open = None
        await self._stack.aclose()


def async_client(
    app: FastAPI,
    *,
    settings: Settings | None = None,
    tenant: Tenant | None = None,
    clock: HandClock | None = None,
    roles: RoleSource | None = None,
    base_url: str = "http://testserver",
    raise_server_exceptions: bool = True,
) -> AsyncAppUnderTest:
    """Return a protected app to be started by `async with`; the rest as in `client`."""
    return AsyncAppUnderTest(
        app, settings, tenant, clock, roles, base_url=base_url, raise_server_exceptions=raise_server_exceptions
    )


def _with_state(app: FastAPI, state: Mapping[str, Any] | None) -> Callable[[Scope, Receive, Send], Any]:
    """Give each request a copy of what the lifespan yielded, as servers do (ASGI: lifespan state)."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state or {})}, receive, send)

    return call
