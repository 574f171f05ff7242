"""The whole service beside a development tenant, in one process and without sockets, with a wire that can be cut."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    TenantOptions,
    create_tenant,
    fetch_machine_token,
    fetch_user_token,
)
from auth0_devtenant.seed import ORGANIZATIONS
from auth0_sso import protect
from auth0_sso.service.app import create_app
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock

OPTIONS = TenantOptions()
ORIGIN = "https://app.example.com"
ADMIN, MANAGER, USER = "admin@example.com", "manager@example.com", "user@example.com"


class Wire(httpx.AsyncBaseTransport):
    """The network to the tenant: notes each request, and carries nothing while it is cut."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.cut = False
        self.requests: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.raw_path.decode()}")
        if self.cut:
            raise httpx.ConnectError("the wire is cut")
        return await self.inner.handle_async_request(request)

    def count(self, start: str) -> int:
        return sum(request.startswith(start) for request in self.requests)


@dataclass
class Service:
    """What a test holds of the running service: its client, the tenant's client, the wire between and the clock."""

    app: FastAPI
    api: httpx.AsyncClient
    tenant: httpx.AsyncClient
    wire: Wire
    clock: HandClock
    _tokens: dict[str, str] = field(default_factory=dict)

    async def user_token(self, email: str) -> str:
        """Log in as one of the three people; once for each, since a login is six requests."""
        if email not in self._tokens:
            self._tokens[email] = await self._log_in(email)
        return self._tokens[email]

    def forget(self, email: str) -> None:
        """Log in anew the next time."""
        self._tokens.pop(email, None)

    async def as_member(self, email: str) -> dict[str, str]:
        """Log in to Acme, the tenant's organization."""
        return {"Authorization": f"Bearer {await self._log_in(email, ORGANIZATIONS[0].id)}"}

    async def _log_in(self, email: str, organization: str | None = None) -> str:
        return await fetch_user_token(
            self.tenant,
            OPTIONS.issuer,
            email=email,
            password=next(person.password for person in PEOPLE if person.email == email),
            audience=OPTIONS.audience,
            redirect_uri="http://127.0.0.1:3000/callback",
            organization=organization,
        )

    async def machine_token(self) -> str:
        return await fetch_machine_token(self.tenant, OPTIONS.issuer, audience=OPTIONS.audience)

    async def as_user(self, email: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.user_token(email)}"}

    async def as_machine(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.machine_token()}"}

    async def manage(self, method: str, path: str, json: object = None) -> httpx.Response:
        """Do something behind the service's back, at the tenant itself."""
        token = await fetch_machine_token(
            self.tenant,
            OPTIONS.issuer,
            audience=f"{OPTIONS.issuer}api/v2/",
            client_id=MANAGEMENT_CLIENT_ID,
            client_secret=MANAGEMENT_CLIENT_SECRET,
        )
        headers = {"Authorization": f"Bearer {token}"}
        response = await self.tenant.request(method, f"{OPTIONS.issuer}api/v2{path}", json=json, headers=headers)
        response.raise_for_status()
        return response


def person_id(email: str) -> str:
    return next(person.user_id for person in PEOPLE if person.email == email)


def settings(**changes: object) -> ServiceSettings:
    """Return settings for the development tenant; the environment is not read."""
    values: dict[str, object] = {
        "auth0_domain": "127.0.0.1:3001",
        "auth0_issuer_base_url": OPTIONS.issuer,
        "auth0_audience": (OPTIONS.audience,),
        "auth0_client_id": SPA_CLIENT_ID,
        "auth0_management_client_id": MANAGEMENT_CLIENT_ID,
        "auth0_management_client_secret": MANAGEMENT_CLIENT_SECRET,
        "cors_allowed_origins": (ORIGIN,),
        "rate_limit": "10/minute",
        "log_level": "INFO",
    }
    return ServiceSettings.of(**(values | changes))


@asynccontextmanager
async def running_service(
    keys: Sequence[rsa.RSAPrivateKey],
    clock: HandClock,
    *,
    app: FastAPI | None = None,
    cut: bool = False,
    **changes: object,
) -> AsyncIterator[Service]:
    """Run the service, or an app of a test's own that it calls `protect` on, until the block ends.

    With `cut` it starts while the tenant is out of reach.
    """
    tenant = create_tenant(OPTIONS, now=clock.wall, signing_keys=keys)
    wire = Wire(httpx.ASGITransport(tenant))
    wire.cut = cut
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(tenant)) as at_tenant,
        _serving(wire, at_tenant, clock, settings(**changes), app) as service,
    ):
        yield service


@asynccontextmanager
async def replica(of: Service, *, cut: bool = False, **changes: object) -> AsyncIterator[Service]:
    """Run another of a service beside it, with the same tenant and time, and a wire of its own."""
    wire = Wire(of.wire.inner)
    wire.cut = cut
    async with _serving(wire, of.tenant, of.clock, settings(**changes)) as service:
        yield service


@asynccontextmanager
async def _serving(
    wire: Wire, at_tenant: httpx.AsyncClient, clock: HandClock, chosen: ServiceSettings, own: FastAPI | None = None
) -> AsyncIterator[Service]:
    if own is None:
        app = create_app(chosen, transport=wire, clock=clock)
    else:
        app = protect(own, chosen, transport=wire, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://service.example.com") as api,
    ):
        await clock.settle()
        yield Service(app, api, at_tenant, wire, clock)
