"""An Auth0 tenant to develop against: real HTTP, real keys, everything in memory. It shares no code with the service.

What it answers is what Auth0 answers, as far as it goes; where nobody knows, what Auth0's own SDKs accept.
"""

from auth0_devtenant.app import create_tenant
from auth0_devtenant.login import LoginError, fetch_machine_token, fetch_user_token
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.people import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    Person,
)

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
