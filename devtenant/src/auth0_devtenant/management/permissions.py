"""Permissions in bodies and in responses: those of roles and those assigned to users directly."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.validation import Body
from auth0_devtenant.state import Json, Permission, Tenant


class PermissionBody(Body):
    """A permission of a resource server."""

    resource_server_identifier: str
    permission_name: str


class PermissionsBody(Body):
    """A list of permissions."""

    permissions: Annotated[list[PermissionBody], Field(min_length=1)]


def find_permissions(tenant: Tenant, body: PermissionsBody) -> tuple[Permission, ...]:
    """Return the permissions of a body; raise Auth0's 404 for an unknown one.

    The errorCode is recorded, the message is unverified.
    """
    found = []
    for each in body.permissions:
        api = tenant.api(each.resource_server_identifier)
        if api is None or each.permission_name not in api.permissions:
            message = f"The permission {each.permission_name} does not exist."
            raise ApiError(404, message, "inexistent_resource_server_permission")
        found.append(Permission(each.permission_name, api.identifier))
    return tuple(found)


def merge(permissions: Iterable[Permission], added: Iterable[Permission]) -> tuple[Permission, ...]:
    """Return both without duplicates."""
    return tuple(dict.fromkeys((*permissions, *added)))


def permission_document(tenant: Tenant, permission: Permission) -> Json:
    """Return a permission as the Management API shows it."""
    api = tenant.state.apis[permission.audience]
    return {
        "permission_name": permission.name,
        "description": api.permissions.get(permission.name, ""),
        "resource_server_name": api.name,
        "resource_server_identifier": api.identifier,
    }
