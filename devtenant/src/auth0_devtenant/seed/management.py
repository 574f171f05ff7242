"""The Management API as an API that clients can be granted scopes of."""

from typing import Final

MANAGEMENT: Final = "management"
"""Its name in a seed; its identifier follows from the issuer."""

MANAGEMENT_SCOPES: Final = tuple(
    f"{verb}:{noun}"
    for noun, verbs in {
        "users": "read create update delete",
        "users_app_metadata": "read create update delete",
        "roles": "read create update delete",
        "role_members": "read create delete",
        "organizations": "read create update delete",
        "organization_members": "read create delete",
        "organization_member_roles": "read create delete",
        "organization_connections": "read create update delete",
        "organization_invitations": "read create delete",
        "sessions": "read delete",
        "refresh_tokens": "read delete",
        "logs": "read",
        "signing_keys": "read create update",
        "clients": "read create update delete",
        "client_keys": "read",
        "client_grants": "read create update delete",
        "resource_servers": "read create update delete",
        "connections": "read create update delete",
        "grants": "read delete",
        "user_tickets": "create",
        "log_streams": "read create update delete",
        "tenant_settings": "read update",
    }.items()
    for verb in verbs.split()
)
"""The permissions of the Management API."""
