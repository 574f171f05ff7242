"""An app of a user of the library: its own routes, guarded, with the roles of the token and no Management API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from auth0_sso import protect
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer
from support.service import settings
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply

ROLES = "https://example.com/roles"
"""The claim that holds the roles."""


@asynccontextmanager
async def protected(
    app: FastAPI, issuer: Issuer, clock: HandClock, **changes: object
) -> AsyncIterator[httpx.AsyncClient]:
    """Call `protect` on the app and serve it until the block ends; a failed route answers 500."""
    tenant = ScriptedTenant()
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(issuer.jwks("key-0")))
    values: dict[str, object] = {
        "auth0_issuer_base_url": ISSUER,
        "auth0_management_client_id": "",
        "auth0_management_client_secret": "",
        "auth0_audience": (AUDIENCE,),
        "auth0_role_source": "claim",
        "auth0_role_claim": ROLES,
    }
    chosen = settings(**(values | changes))
    protect(app, chosen, transport=httpx.ASGITransport(tenant), clock=clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as client,
    ):
        yield client
