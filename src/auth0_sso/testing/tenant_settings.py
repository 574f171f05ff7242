"""The settings that an app has under test; the environment is not read."""

from typing import Any, Final

from pydantic import SecretStr

from auth0_sso.settings import Settings
from auth0_sso.testing.issuer import AUDIENCE, ISSUER

_TENANT: Final[dict[str, Any]] = {
    "auth0_domain": "tenant.example.com",
    "auth0_issuer_base_url": ISSUER,
    "auth0_audience": (AUDIENCE,),
    "auth0_issuers": SecretStr(""),
    "auth0_algorithms": ("RS256",),
    "auth0_management_base_url": ISSUER,
    "auth0_management_audience": f"{ISSUER}api/v2/",
    "auth0_management_client_id": "management-client",
    "auth0_management_client_secret": SecretStr("management-client-secret"),  # not asked for by the tenant in memory
    "auth0_management_private_key": SecretStr(""),
    "auth0_role_source": "management",
    "auth0_role_claim": "",
    "auth0_jwks_cache_file": None,
    "rate_limit_storage_url": SecretStr("memory://"),
}


def settings(**changes: Any) -> Settings:  # noqa: ANN401 - pydantic checks them, field by field
    """Return settings for the tenant in memory, with some changed: `settings(rate_limit="2/minute")`.

    Raises `ConfigurationError` that lists every problem.
    """
    return Settings.of(**(_TENANT | changes))


def settings_for(chosen: Settings | None) -> Settings:
    """Return the settings that an app chose in code, or the defaults, with all that names its tenant replaced."""
    return settings() if chosen is None else chosen.model_copy(update=_TENANT)
