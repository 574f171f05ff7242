"""Who may call, and from where: CORS, and the proxies in front of the service."""

from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Final

from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, passed, skipped, warned
from auth0_sso.service.token.shown import shown

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_WEB_ORIGINS: Final = "Allowed Web Origins: Applications > Applications > the application > Settings"


async def check_cors(examination: Examination) -> AsyncIterator[Finding]:
    """Look at the browser origins that may call, and compare them with the application's at Auth0."""
    origins = examination.settings.cors_allowed_origins
    if not origins:
        yield skipped("no page of another origin may call this API", "set CORS_ALLOWED_ORIGINS for a browser's app")
        return
    plain = [origin for origin in origins if origin.startswith("http://") and not _is_loopback(origin)]
    for origin in plain:
        fix = "write its https:// origin into CORS_ALLOWED_ORIGINS"
        yield warned(f"{origin} is plain http: what changes that page can call with its user's token", fix)
    allowed = None if examination.application is None else examination.application.get("web_origins")
    for origin in origins:
        if isinstance(allowed, list) and origin not in allowed:
            fix = f"add it to {_WEB_ORIGINS}, if its pages log in with AUTH0_CLIENT_ID"
            yield warned(f"{origin} may call this API, and not log in with AUTH0_CLIENT_ID at Auth0", fix)
    if not plain:
        yield passed(f"pages of {shown(', '.join(origins))} may call")


async def check_proxies(examination: Examination) -> AsyncIterator[Finding]:
    """Look at whose X-Forwarded-For is trusted."""
    settings = examination.settings
    if settings.trusted_proxies:
        yield passed(f"X-Forwarded-For is trusted from {', '.join(settings.trusted_proxies)} alone")
    elif _listens_here_only(settings.host):
        yield passed(f"the service listens on {settings.host}, and trusts no X-Forwarded-For")
    else:
        yield warned(
            f"the service listens on {settings.host} and trusts no proxy: behind one, all callers without a token "
            "share one rate limit",
            "set TRUSTED_PROXIES to the addresses of your proxies, if there are any",
        )


def _is_loopback(origin: str) -> bool:
    return origin.partition("://")[2].rpartition(":")[0] in _LOOPBACK or origin.partition("://")[2] in _LOOPBACK


def _listens_here_only(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
