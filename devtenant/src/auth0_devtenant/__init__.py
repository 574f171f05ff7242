"""An Auth0 tenant for development and tests: real HTTP, real signing keys, everything in memory.

It responds as Auth0 does, within the part of Auth0 that it has; what is not known of Auth0 follows what its SDKs
accept.
"""

from importlib import import_module
from typing import TYPE_CHECKING

# A name is imported when it is first used (PEP 562): loading the pytest plugin then loads no server.
if TYPE_CHECKING:
    from auth0_devtenant.app import create_tenant
    from auth0_devtenant.certificates import TlsFiles, make_tls_files
    from auth0_devtenant.options import TenantOptions
    from auth0_devtenant.seed import (
        MACHINE_CLIENT_ID,
        MACHINE_CLIENT_SECRET,
        MANAGEMENT_CLIENT_ID,
        MANAGEMENT_CLIENT_SECRET,
        ORGANIZATIONS,
        PEOPLE,
        SPA_CLIENT_ID,
        WEB_CLIENT_ID,
        WEB_CLIENT_SECRET,
        Api,
        Application,
        Connection,
        Organization,
        Person,
        Role,
        Seed,
        SeedError,
        default_seed,
        read_seed,
    )
    from auth0_devtenant.serving import RunningTenant, running_tenant
    from auth0_devtenant.token_client import LoginError, fetch_machine_token, fetch_user_token

__all__ = [
    "MACHINE_CLIENT_ID",
    "MACHINE_CLIENT_SECRET",
    "MANAGEMENT_CLIENT_ID",
    "MANAGEMENT_CLIENT_SECRET",
    "ORGANIZATIONS",
    "PEOPLE",
    "SPA_CLIENT_ID",
    "WEB_CLIENT_ID",
    "WEB_CLIENT_SECRET",
    "Api",
    "Application",
    "Connection",
    "LoginError",
    "Organization",
    "Person",
    "Role",
    "RunningTenant",
    "Seed",
    "SeedError",
    "TenantOptions",
    "TlsFiles",
    "create_tenant",
    "default_seed",
    "fetch_machine_token",
    "fetch_user_token",
    "make_tls_files",
    "read_seed",
    "running_tenant",
]

_MODULES = {
    "app": ("create_tenant",),
    "certificates": (
        "TlsFiles",
        "make_tls_files",
    ),
    "options": ("TenantOptions",),
    "serving": (
        "RunningTenant",
        "running_tenant",
    ),
    "token_client": (
        "LoginError",
        "fetch_machine_token",
        "fetch_user_token",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take every name for one of the module's

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{__name__}.{_MODULE_OF.get(name, 'seed')}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names too, whether they were used or not."""
    return sorted({*globals(), *__all__})
