"""The service in front of any issuer on a real socket, with settings of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from auth0_sso.service.app import create_app
from auth0_sso.service.settings import ServiceSettings

AUDIENCE: Final = "https://api.example.com"


@asynccontextmanager
async def api(issuer: str, **changes: object) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service until the block ends; the client sends requests to it."""
    values: dict[str, object] = {
        "auth0_domain": httpx.URL(issuer).netloc.decode(),
        "auth0_issuer_base_url": issuer,
        "auth0_audience": (AUDIENCE,),
        "rate_limit": "1000/minute",
    }
    app = create_app(ServiceSettings.of(**(values | changes)))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://service.example.com") as client,
    ):
        yield client
