"""The one line that says at the start how this process is set up. No secret is in it."""

from importlib.metadata import version
from typing import Final

from auth0_sso.service.settings import ServiceSettings
from auth0_sso.store.address import StoreAddress, parse_address

_STORES: Final = {"server": "", "unix": " by a unix socket", "sentinel": " by Sentinels", "cluster": " cluster"}


def start_line(settings: ServiceSettings) -> str:
    """Return version, issuer, audiences, processes, store and what is off."""
    parts = [
        f"issuer {' or '.join(settings.all_issuers)}",
        f"audience {' or '.join(settings.auth0_audience)}",
        f"{settings.workers} worker{'s' if settings.workers > 1 else ''}",
        f"store {_store(settings)}",
        *(["DPoP proofs remembered by each worker alone"] if _forgets_proofs(settings) else []),
        f"off: {', '.join(_off(settings)) or 'nothing'}",
    ]
    return f"auth0-sso {version('auth0-sso')}: {'; '.join(parts)}"


def _forgets_proofs(settings: ServiceSettings) -> bool:
    """Whether a DPoP proof that one worker has seen is new to the others."""
    return settings.auth0_dpop != "off" and settings.workers > 1 and not settings.has_shared_store


def _store(settings: ServiceSettings) -> str:
    if not settings.has_shared_store:
        return "memory of each process"
    address = parse_address(settings.rate_limit_storage_url.get_secret_value())
    tls = " with TLS" if address.tls else ""
    return f"redis{_STORES[address.kind]} at {_place(address)}{tls}"


def _place(address: StoreAddress) -> str:
    hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in address.hosts)
    return address.path or ",".join(hosts)


def _off(settings: ServiceSettings) -> list[str]:
    is_on = {
        "Management API": settings.has_management,
        "DPoP": settings.auth0_dpop != "off",
        "metrics": settings.metrics_enabled,
        "traces": settings.tracing_enabled,
        "CORS": bool(settings.cors_allowed_origins),
        "login at /docs": bool(settings.auth0_client_id),
        "trusted proxies": bool(settings.trusted_proxies),
        "limit of failed authentications": settings.auth_failure_rate_limit != "off",
        "limit of /profile": settings.profile_rate_limit != "off",
        "signing keys on disk": settings.auth0_jwks_cache_file is not None,
    }
    return [name for name, on in is_on.items() if not on]
