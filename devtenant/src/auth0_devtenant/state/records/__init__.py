"""The records of a tenant, with the documents that the Management API shows of them.

All are dataclasses of plain values, so that a state can be copied, exported and imported.
"""

from auth0_devtenant.state.records.applications import ACTIVATION_CALLBACK, DEVICE_CODE, Api, Client, ClientGrant
from auth0_devtenant.state.records.directory import (
    Connection,
    Invitation,
    Organization,
    Permission,
    Role,
    Ticket,
    User,
)
from auth0_devtenant.state.records.json import Json
from auth0_devtenant.state.records.logins import Consent, Grant, Login, PushedRequest, Session
from auth0_devtenant.state.records.tenant_settings import Message, RateLimitBucket, RateLimitPlan
from auth0_devtenant.state.records.tokens import (
    DeviceCode,
    MfaTransaction,
    OpaqueToken,
    PasswordlessCode,
    RefreshTokenFamily,
)

__all__ = [
    "ACTIVATION_CALLBACK",
    "DEVICE_CODE",
    "Api",
    "Client",
    "ClientGrant",
    "Connection",
    "Consent",
    "DeviceCode",
    "Grant",
    "Invitation",
    "Json",
    "Login",
    "Message",
    "MfaTransaction",
    "OpaqueToken",
    "Organization",
    "PasswordlessCode",
    "Permission",
    "PushedRequest",
    "RateLimitBucket",
    "RateLimitPlan",
    "RefreshTokenFamily",
    "Role",
    "Session",
    "Ticket",
    "User",
]
