"""Protection from pages of other sites: the Host and Origin of each request are checked.

Any page open in the developer's browser can send requests to 127.0.0.1. The browser puts the page's origin into
`Origin` (Fetch standard, "Origin header"). A page whose own domain resolves to 127.0.0.1 (DNS rebinding) has the same
origin, but its requests have that domain in `Host`. Auth0 is on the public internet and needs neither check.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.errors import ApiError
from auth0_devtenant.options import TenantOptions

DEVELOPMENT_PATH: Final = "/_development"
"""Prefix of the endpoints that Auth0 does not have; only the tenant's own pages and programs may use them."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheckMiddleware:
    """ASGI middleware that refuses an unknown Host, and an unknown Origin where a request could change something."""

    def __init__(self, app: ASGIApp, options: TenantOptions) -> None:
        """Allow the issuer's host and the loopback hosts, with the issuer's port, and the web origins."""
        self._app = app
        self._hosts = _own_hosts(options.issuer)
        self._own = frozenset(f"{urlsplit(options.issuer).scheme}://{host}" for host in self._hosts)
        self._allowed = self._own | set(options.web_origins)

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
        if _is_from(self._own if development else self._allowed, headers):
            return None
        return ApiError(403, "The request comes from a web page whose origin is not allowed.")


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
