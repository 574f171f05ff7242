"""The options of an app's request layer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from auth0_sso.web.middleware.logged_caller import CallerInLog
from auth0_sso.web.services.services import Services


@dataclass(slots=True)
class HttpOptions:
    """What the request layer does in addition to the guards, by default nothing; and what the guards work with."""

    security_headers: bool = False
    """Cache-Control, Content-Security-Policy, Referrer-Policy and X-Content-Type-Options unless the app sets them,
    and Strict-Transport-Security for other than loopback hosts."""
    request_id: bool = False
    """X-Request-ID in responses: the caller's, where it is fit for logs, or a new one."""
    access_log: bool = False
    access_log_caller: CallerInLog = "off"
    access_log_debug_routes: frozenset[str] = frozenset()
    """Routes whose access log lines are at DEBUG, by their paths: probes."""
    max_body_bytes: int | None = None
    cors_origins: Sequence[str] = ()
    cors_headers: Sequence[str] = ()
    """What scripts of those origins may send beside the usual headers."""
    require_host: bool = False
    """Answer 400 to a request without exactly one Host header (RFC 9112 section 3.2)."""
    catch_exceptions: bool = False
    """Log an exception and answer it as a problem; it reaches neither the server nor a test client."""
    trusts_proxies: bool = field(default=False, compare=False)
    """Whether the headers of trusted proxies are read."""
    serves_metadata: bool = field(default=False, compare=False)
    """There is a document that scripts of all origins may read: resource metadata (RFC 9728)."""
    services: Services | None = field(default=None, compare=False)
    """What the guards work with, while the lifespan of a protected app runs."""

    @property
    def offers_dpop(self) -> bool:
        """Whether scripts of the allowed origins may send DPoP proofs, and read nonces (RFC 9449 section 8)."""
        return self.services is not None and "DPoP" in self.services.schemes
