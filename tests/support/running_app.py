"""An app in the test's own process: its lifespan runs, and a client sends requests to it without sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


@asynccontextmanager
async def running_app(app: Starlette, *, raising: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """Run an app until the block ends; with `raising` its exceptions reach the test, else the answer is 500."""
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(with_state, raise_app_exceptions=raising)
        async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as client:
            yield client
