"""What a tenant holds while it runs: its records, and the operations on them that several endpoints share."""

from auth0_devtenant.state.records import (
    Api,
    Client,
    ClientGrant,
    Connection,
    Grant,
    Json,
    Login,
    Organization,
    Permission,
    RefreshTokenFamily,
    Role,
    Session,
    User,
)
from auth0_devtenant.state.snapshot import SnapshotError, dump_state, load_state
from auth0_devtenant.state.state import State
from auth0_devtenant.state.tenant import Tenant, new_secret

__all__ = [
    "Api",
    "Client",
    "ClientGrant",
    "Connection",
    "Grant",
    "Json",
    "Login",
    "Organization",
    "Permission",
    "RefreshTokenFamily",
    "Role",
    "Session",
    "SnapshotError",
    "State",
    "Tenant",
    "User",
    "dump_state",
    "load_state",
    "new_secret",
]
