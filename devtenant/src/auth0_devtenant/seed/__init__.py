"""What a new tenant has: APIs, applications, roles, people, organizations and connections. Nothing here is secret."""

from auth0_devtenant.seed.default import (
    DATABASE,
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    ORGANIZATIONS,
    PEOPLE,
    SPA_CLIENT_ID,
    WEB_CLIENT_ID,
    WEB_CLIENT_SECRET,
    default_seed,
)
from auth0_devtenant.seed.files import SeedError, read_seed
from auth0_devtenant.seed.management import MANAGEMENT, MANAGEMENT_SCOPES
from auth0_devtenant.seed.models import (
    Api,
    Application,
    ApplicationType,
    Connection,
    Dialect,
    Organization,
    Person,
    Role,
    Seed,
)
from auth0_devtenant.seed.playground import PLAYGROUND_CLIENT_ID, with_playground

__all__ = [
    "DATABASE",
    "MACHINE_CLIENT_ID",
    "MACHINE_CLIENT_SECRET",
    "MANAGEMENT",
    "MANAGEMENT_CLIENT_ID",
    "MANAGEMENT_CLIENT_SECRET",
    "MANAGEMENT_SCOPES",
    "ORGANIZATIONS",
    "PEOPLE",
    "PLAYGROUND_CLIENT_ID",
    "SPA_CLIENT_ID",
    "WEB_CLIENT_ID",
    "WEB_CLIENT_SECRET",
    "Api",
    "Application",
    "ApplicationType",
    "Connection",
    "Dialect",
    "Organization",
    "Person",
    "Role",
    "Seed",
    "SeedError",
    "default_seed",
    "read_seed",
    "with_playground",
]
