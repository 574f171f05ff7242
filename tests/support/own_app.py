"""An app of a user of the library: its own routes, guarded, with the roles of the token and no Management API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from auth0_sso import protect
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer
from support.running_app import running_app
from support.service import settings
from support.tenant_keys import KeyPages
from support.tenant_script import ScriptedTenant

ROLES = "https://example.com/roles"
"""The claim that holds the roles."""


def own_settings(**changes: object) -> ServiceSettings:
    """Return settings of an app whose tenant has no Management API credentials."""
    values: dict[str, object] = {
        "auth0_issuer_base_url": ISSUER,
        "auth0_management_client_id": "",
        "auth0_management_client_secret": "",
        "auth0_audience": (AUDIENCE,),
        "auth0_role_source": "claim",
        "auth0_role_claim": ROLES,
    }
    return settings(**(values | changes))


@asynccontextmanager
async def protected(
    app: FastAPI, issuer: Issuer, clock: HandClock, *, tenant: ScriptedTenant | None = None, **changes: object
) -> AsyncIterator[httpx.AsyncClient]:
    """Call `protect` on the app and run it until the block ends; without `tenant` there is one with the key key-0."""
    if tenant is None:
        tenant = ScriptedTenant()
        KeyPages(tenant, issuer).show("key-0")
    protect(app, own_settings(**changes), transport=httpx.ASGITransport(tenant), clock=clock)
    async with running_app(app) as client:
        yield client
