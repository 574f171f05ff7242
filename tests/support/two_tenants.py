"""Two development tenants, of which the first has a second domain, and the settings of an API that accepts both."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    TenantOptions,
    create_tenant,
    fetch_machine_token,
    fetch_user_token,
)
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock
from support.service import settings

FIRST: Final = TenantOptions()
CUSTOM_DOMAIN: Final = "http://localhost:3001/"
"""The first tenant's other name: its tokens name the issuer that was asked, as with Auth0's custom domains."""
OTHER: Final = TenantOptions(issuer="http://127.0.0.1:4001/")
ADMIN, MANAGER, USER = "admin@example.com", "manager@example.com", "user@example.com"

OTHER_TENANT: Final = {
    "domain": "127.0.0.1:4001",
    "issuer_base_url": OTHER.issuer,
    "management_client_id": MANAGEMENT_CLIENT_ID,
    "management_client_secret": MANAGEMENT_CLIENT_SECRET,
}


class TwoTenants(httpx.AsyncBaseTransport):
    """The network to both tenants: notes what is requested of which host, and can cut the way to one."""

    def __init__(self, keys: Sequence[rsa.RSAPrivateKey], clock: HandClock) -> None:
        self.first = create_tenant(FIRST, now=clock.wall, signing_keys=keys[:2])
        self.other = create_tenant(OTHER, now=clock.wall, signing_keys=keys[2:])
        self.requests: list[str] = []
        self.sent: list[bytes] = []
        """Of each of these the address, the headers and the body."""
        self.cut: set[str] = set()
        self._transports = {
            "127.0.0.1:3001": httpx.ASGITransport(self.first),
            "localhost:3001": httpx.ASGITransport(self.first),
            "127.0.0.1:4001": httpx.ASGITransport(self.other),
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.netloc.decode()
        self.requests.append(f"{host} {request.url.path}")
        headers = b"".join(value for _, value in request.headers.raw)
        self.sent.append(str(request.url).encode() + headers + await request.aread())
        if host in self.cut:
            raise httpx.ConnectError("the way to this tenant is cut")
        return await self._transports[host].handle_async_request(request)

    def asked_of(self, host: str, path: str) -> int:
        return sum(request == f"{host} {path}" for request in self.requests)


@dataclass
class Callers:
    """Logs people in at the tenants; what they ask is not in the requests of the API."""

    tenants: TwoTenants
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    async def user_token(self, issuer: str, email: str) -> str:
        async with self._client(issuer) as client:
            return await fetch_user_token(
                client,
                issuer,
                email=email,
                password=next(person.password for person in PEOPLE if person.email == email),
                audience=FIRST.audience,
                redirect_uri="http://127.0.0.1:3000/callback",
            )

    async def headers(self, issuer: str, email: str) -> dict[str, str]:
        """Return the headers of a person, who logs in once at each issuer."""
        key = issuer, email
        if key not in self._tokens:
            self._tokens[key] = await self.user_token(issuer, email)
        return {"Authorization": f"Bearer {self._tokens[key]}"}

    async def manage(self, issuer: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Do something at a tenant itself."""
        async with self._client(issuer) as client:
            token = await fetch_machine_token(
                client,
                issuer,
                audience=f"{issuer}api/v2/",
                client_id=MANAGEMENT_CLIENT_ID,
                client_secret=MANAGEMENT_CLIENT_SECRET,
            )
            headers = {"Authorization": f"Bearer {token}"}
            response = await client.request(method, f"{issuer}api/v2{path}", json=body, headers=headers)
            response.raise_for_status()
            return response

    def _client(self, issuer: str) -> httpx.AsyncClient:
        app = self.tenants.other if issuer == OTHER.issuer else self.tenants.first
        return httpx.AsyncClient(transport=httpx.ASGITransport(app))


def settings_of_both(*, other: Mapping[str, object] | None = None, **changes: object) -> ServiceSettings:
    """Return settings that accept the first tenant's two domains, and the other tenant with changes."""
    return settings(auth0_issuers=json.dumps([CUSTOM_DOMAIN, {**OTHER_TENANT, **(other or {})}]), **changes)
