"""X-Forwarded-For and X-Forwarded-Proto of trusted proxies, read by uvicorn; and which requests they sent."""

from collections.abc import Awaitable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from auth0_sso.web.checks.peers import note_peer


class TrustedProxies:
    """Replaces the client and scheme in the scope by those that a trusted proxy names."""

    def __init__(self, app: ASGIApp, *, trusted_hosts: Sequence[str]) -> None:
        self._inner = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted_hosts))  # type: ignore[arg-type]  # uvicorn has types of its own for ASGI

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "lifespan":
            note_peer(scope, self._inner.trusted_hosts)
        return self._inner(scope, receive, send)  # type: ignore[arg-type]  # uvicorn has types of its own for ASGI
