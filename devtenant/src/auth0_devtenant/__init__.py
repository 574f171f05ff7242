"""An Auth0 tenant for development and tests: real HTTP, real signing keys, everything in memory.

It responds as Auth0 does, within the part of Auth0 that it has; what is not known of Auth0 follows what its SDKs
accept.
"""

from auth0_devtenant.app import create_tenant
from auth0_devtenant.clients import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    SPA_CLIENT_ID,
)
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.people import PEOPLE, Person
from auth0_devtenant.token_client import LoginError, fetch_machine_token, fetch_user_token

__all__ = [
    "MACHINE_CLIENT_ID",
    "MACHINE_CLIENT_SECRET",
    "MANAGEMENT_CLIENT_ID",
    "MANAGEMENT_CLIENT_SECRET",
    "PEOPLE",
    "SPA_CLIENT_ID",
    "LoginError",
    "Person",
    "TenantOptions",
    "create_tenant",
    "fetch_machine_token",
    "fetch_user_token",
]
