"""The settings of `auth0-sso dev`: those that a developer can change, and those that follow from tenant and ports."""

from typing import Final

from auth0_sso.service.settings import ServiceSettings

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - not the default: --host chooses it, for a container
HOSTS: Final = ("127.0.0.1", "localhost", ALL_ADDRESSES)
"""Where API and tenant may listen: the issuer is plain http, which the API accepts for loopback hosts only."""

_DERIVED: Final = frozenset(
    {
        "auth0_domain",
        "auth0_issuer_base_url",
        "auth0_audience",
        "auth0_client_id",
        "auth0_management_client_id",
        "auth0_management_client_secret",
        "auth0_management_private_key",
        "auth0_management_private_key_id",
        "auth0_management_audience",
        "auth0_management_base_url",
        "allow_development_tenant",
        "host",
        "port",
        "workers",
        "shutdown_notice_seconds",
    }
)

CHANGEABLE: Final = frozenset(ServiceSettings.model_fields) - _DERIVED
"""The settings that `--set` can change."""
