"""Whose requests the tenant serves: those addressed to it, and not those that a page of another site sends.

Any page open in the developer's browser can send requests to 127.0.0.1; the browser names the page's origin in Origin
(Fetch standard, "Origin header"). A page whose own name is made to resolve to 127.0.0.1 (DNS rebinding) counts as the
same origin, but its name is in Host. Auth0 answers under one public name and needs neither check.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.answers import ApiError
from auth0_devtenant.options import TenantOptions

DEVELOPMENT: Final = "/_development"
"""The path of what Auth0 does not have; nothing but the tenant's own pages and programs may use it."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheck:
    """ASGI middleware that refuses a foreign Host always, and a foreign Origin where something could change."""

    def __init__(self, app: ASGIApp, options: TenantOptions) -> None:
        """Accept the issuer's name and the loopback names, all with the issuer's port, and the web origins."""
        self._app = app
        self._hosts = _own_hosts(options.issuer)
        self._own = frozenset(f"{urlsplit(options.issuer).scheme}://{host}" for host in self._hosts)
        self._allowed = self._own | set(options.web_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it before anything else sees it."""
        refusal = self._refusal(scope, Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse(refusal.body, refusal.status)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> ApiError | None:
        if [host.lower() in self._hosts for host in headers.getlist("Host")] != [True]:
            return ApiError(421, "The Host header names another server than this tenant.")
        development = scope["path"].startswith(DEVELOPMENT)
        if scope["method"] in _SAFE_METHODS and not development:
            return None
        if _is_from(self._own if development else self._allowed, headers):
            return None
        return ApiError(403, "The request comes from a page of an origin that this tenant does not know.")


def _is_from(origins: frozenset[str], headers: Headers) -> bool:
    """Tell whether no page sent the request, or one of `origins`."""
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
