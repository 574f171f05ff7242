"""`auth0-sso doctor` run in this process: against a tenant that says what a test tells it to."""

from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import httpx

from auth0_sso.service.doctor.checks import Line, examine
from auth0_sso.service.doctor.examination import GivenSettings
from auth0_sso.service.doctor.findings import Finding
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, Issuer
from support.tenant_script import (
    DISCOVERY,
    JWKS,
    TOKEN,
    Reply,
    ScriptedTenant,
    discovery_reply,
    json_reply,
    token_reply,
)
from support.token_cases import NOW

AUTHORIZE = "GET /authorize"
CLIENT = "GET /api/v2/clients/spa-client"
APIS = "GET /api/v2/resource-servers"
SECRET = "Xy-very-secret-0123456789"
CALLBACK = "http://127.0.0.1:3000/docs/oauth2-redirect"
NEEDED = (
    "read:users create:users update:users delete:users read:roles read:role_members create:role_members "
    "delete:role_members read:logs delete:sessions delete:refresh_tokens"
)
ALL = f"{NEEDED} read:resource_servers read:clients"
MANAGEMENT = {"auth0_management_client_id": "management", "auth0_management_client_secret": SECRET}


@dataclass(frozen=True)
class Diagnosis:
    """What the checks found."""

    lines: list[Line]

    def of(self, check: str) -> list[Finding]:
        return [line.finding for line in self.lines if line.check == check]

    def one(self, check: str) -> Finding:
        (finding,) = self.of(check)
        return finding

    def statuses(self, check: str) -> list[str]:
        return [finding.status for finding in self.of(check)]


class CutAt(httpx.AsyncBaseTransport):
    """A network on which one path cannot be reached."""

    def __init__(self, path: str, inner: httpx.AsyncBaseTransport) -> None:
        self._path = path
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self._path:
            raise httpx.ConnectError("the wire is cut")
        return await self._inner.handle_async_request(request)


def given(**changes: object) -> GivenSettings:
    """Return settings without faults for the scripted tenant."""
    values: dict[str, Any] = {
        "auth0_domain": "tenant.example.com",
        "auth0_audience": (AUDIENCE,),
        **changes,
    }
    return GivenSettings(ServiceSettings.of(**values), frozenset(), (), {}, ())


def healthy_tenant(issuer: Issuer) -> ScriptedTenant:
    """Return a tenant with metadata, keys, a Management token with all scopes, an API and an application."""
    tenant = ScriptedTenant(lambda: NOW)
    tenant.on(DISCOVERY, dated(NOW))
    tenant.on(JWKS, json_reply(issuer.jwks("key-0", "key-1")))
    tenant.on(TOKEN, token_reply(SECRET, scope=ALL))
    tenant.on(APIS, json_reply([api()]))
    tenant.on(CLIENT, json_reply({"app_type": "spa", "callbacks": [CALLBACK], "web_origins": []}))
    return tenant


class ByHost(httpx.AsyncBaseTransport):
    """The network to a tenant at each host."""

    def __init__(self, **tenants: ScriptedTenant) -> None:
        self.transports = {f"{name}.example.com": httpx.ASGITransport(tenant) for name, tenant in tenants.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.transports[request.url.host].handle_async_request(request)


def tenant_of(issuer: Issuer, identifier: str) -> ScriptedTenant:
    """Return such a tenant by another name."""
    tenant = healthy_tenant(issuer)
    tenant.on(DISCOVERY, discovery_reply({"issuer": identifier, "jwks_uri": f"{identifier}.well-known/jwks.json"}))
    return tenant


def dated(now: float, **headers: str) -> Reply:
    """Return the issuer's metadata with the Date header of a time."""
    reply = discovery_reply()
    return Reply(reply.status, reply.body, reply.headers | {"Date": formatdate(now, usegmt=True)} | headers)


def api(**changes: object) -> dict[str, object]:
    """Return an API as the Management API shows it."""
    usual = {"identifier": AUDIENCE, "signing_alg": "RS256", "enforce_policies": True}
    return {**usual, "token_dialect": "access_token_authz", **changes}


def token_error(status: int, error: str, description: str) -> Reply:
    """Return an error of the token endpoint, with the id of the request."""
    body = {"error": error, "error_description": description}
    return json_reply(body, status, {"X-Auth0-RequestId": "0123456789abcdef0123"})


def redirect(query: str, to: str = CALLBACK) -> Reply:
    """Return what /authorize redirects with."""
    return Reply(302, b"", {"Location": f"{to}?{query}"})


async def diagnose(
    tenant: ScriptedTenant | httpx.AsyncBaseTransport,
    settings: GivenSettings,
    *,
    now: float = NOW,
    clock: HandClock | None = None,
    token: str | None = None,
    url: str | None = None,
) -> Diagnosis:
    transport = httpx.ASGITransport(tenant) if isinstance(tenant, ScriptedTenant) else tenant
    clock = HandClock(now) if clock is None else clock
    return Diagnosis(
        [line async for line in examine(settings, clock=clock, transport=transport, token=token, url=url)]
    )
