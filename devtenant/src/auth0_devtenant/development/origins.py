"""Protection from pages of other sites: the Host and Origin of each request are checked.

Any page open in the developer's browser can send requests to 127.0.0.1. The browser puts the page's origin into
`Origin` (Fetch standard, "Origin header"). A page whose own domain resolves to 127.0.0.1 (DNS rebinding) has the same
origin, but its requests have that domain in `Host`. The playground is the one other origin that can control the
tenant: the tenant's own process serves it, and its pages load nothing from elsewhere. Auth0 is on the public internet
and needs neither check.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Tenant

DEVELOPMENT_PATH: Final = "/_development"
"""Prefix of the endpoints that Auth0 does not have, for the tenant's own pages, its playground and programs."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheckMiddleware:
    """ASGI middleware that refuses an unknown Host, and an unknown Origin where a request could change something."""

    def __init__(self, app: ASGIApp, tenant: Tenant) -> None:
        """Allow the issuer's host and the loopback hosts, with the issuer's port, and the web origins."""
        self._app = app
        self._tenant = tenant
        issuer = tenant.options.issuer
        self._hosts = _own_hosts(issuer)
        self._own = frozenset(f"{urlsplit(issuer).scheme}://{host}" for host in self._hosts)
        playground = tenant.options.playground
        self._in_control = self._own if playground is None else self._own | {playground}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        refusal = self._refusal(scope, Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse(refusal.body, refusal.status)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> ApiError | None:
        if [host.lower() in self._hosts for host in headers.getlist("Host")] != [True]:
            return ApiError(421, "The Host header does not name this tenant.")
        development = scope["path"].startswith(DEVELOPMENT_PATH)
        if scope["method"] in _SAFE_METHODS and not development:
            return None
        if _is_from(self._in_control if development else self._own.union(self._tenant.web_origins), headers):
            return None
        return ApiError(403, "The request comes from a web page whose origin is not allowed.")


class WebOriginsMiddleware(CORSMiddleware):
    """CORS for the pages of the applications' web origins."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tenant: Tenant,
        allow_methods: Sequence[str],
        allow_headers: Sequence[str],
        expose_headers: Sequence[str] = (),
    ) -> None:
        """Answer preflights of these methods and headers; pages can read the exposed headers of responses."""
        super().__init__(app, allow_methods=allow_methods, allow_headers=allow_headers, expose_headers=expose_headers)
        self._tenant = tenant

    def is_allowed_origin(self, origin: str) -> bool:
        """Return whether the origin is one of an application."""
        return origin in self._tenant.web_origins


def _is_from(origins: frozenset[str], headers: Headers) -> bool:
    """Return whether the request comes from a page of `origins`, or from no page."""
    sent = headers.getlist("Origin")
    if sent:
        return origins.issuperset(sent)
    return headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}


def _own_hosts(issuer: str) -> frozenset[str]:
    parts = urlsplit(issuer)
    default = _DEFAULT_PORTS[parts.scheme]
    port = parts.port or default
    name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    names = {name, "127.0.0.1", "localhost", "[::1]"}
    bare = names if port == default else set()
    return frozenset(bare | {f"{name}:{port}" for name in names})
