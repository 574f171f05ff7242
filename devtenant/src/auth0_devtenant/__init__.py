"""An Auth0 tenant for development and tests: real HTTP, real signing keys, everything in memory.

It responds as Auth0 does, within the part of Auth0 that it has; what is not known of Auth0 follows what its SDKs
accept.
"""

from auth0_devtenant.app import create_tenant
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
    "Seed",
    "SeedError",
    "TenantOptions",
    "create_tenant",
    "default_seed",
    "fetch_machine_token",
    "fetch_user_token",
    "read_seed",
]
