"""Deleting records together with what refers to them."""

from auth0_devtenant.state import Api, Client, Connection, Organization, Permission, RefreshTokenFamily, Role, Tenant


def delete_user(tenant: Tenant, user_id: str) -> None:
    """Delete a user with sessions, memberships and consents; nothing happens for an unknown one.

    The token endpoint still knows the user's refresh tokens, to say what Auth0 says: that the user is gone.
    """
    user = tenant.state.users.pop(user_id, None)
    if user is None:
        return
    tenant.emit("user.deleted", user.document | {"deleted_at": tenant.timestamp()})
    tenant.end_sessions(user_id, "account-deleted")
    for organization in tenant.state.organizations.values():
        organization.members.pop(user_id, None)
    grants = tenant.state.consents.items()
    tenant.state.consents = {key: grant for key, grant in grants if grant.user_id != user_id}
    tickets = tenant.state.tickets.items()
    tenant.state.tickets = {key: ticket for key, ticket in tickets if ticket.user_id != user_id}


def delete_role(tenant: Tenant, role: Role) -> None:
    """Delete a role, and take it from users and members."""
    del tenant.state.roles[role.id]
    for user in tenant.state.users.values():
        user.role_ids = [role_id for role_id in user.role_ids if role_id != role.id]
    for organization in tenant.state.organizations.values():
        for member, role_ids in organization.members.items():
            organization.members[member] = tuple(role_id for role_id in role_ids if role_id != role.id)


def delete_api(tenant: Tenant, api: Api) -> None:
    """Delete a resource server with its client grants, consents and permissions."""
    del tenant.state.apis[api.identifier]
    grants = tenant.state.client_grants.items()
    tenant.state.client_grants = {key: grant for key, grant in grants if grant.audience != api.identifier}
    consents = tenant.state.consents.items()
    tenant.state.consents = {key: grant for key, grant in consents if grant.audience != api.identifier}
    keep_permissions(tenant, api, ())
    revoke(tenant, [each for each in tenant.state.families.values() if each.grant.audience == api.identifier])


def keep_permissions(tenant: Tenant, api: Api, names: tuple[str, ...]) -> None:
    """Take the other permissions of an API from roles, users and client grants."""

    def kept(permissions: tuple[Permission, ...]) -> tuple[Permission, ...]:
        return tuple(each for each in permissions if each.audience != api.identifier or each.name in names)

    for role in tenant.state.roles.values():
        role.permissions = kept(role.permissions)
    for user in tenant.state.users.values():
        user.permissions = kept(user.permissions)
    for grant in tenant.state.client_grants.values():
        if grant.audience == api.identifier:
            grant.scope = tuple(name for name in grant.scope if name in names)


def delete_client(tenant: Tenant, client: Client) -> None:
    """Delete a client with its client grants, consents, refresh tokens and invitations."""
    del tenant.state.clients[client.client_id]
    grants = tenant.state.client_grants.items()
    tenant.state.client_grants = {key: grant for key, grant in grants if grant.client_id != client.client_id}
    consents = tenant.state.consents.items()
    tenant.state.consents = {key: grant for key, grant in consents if grant.client_id != client.client_id}
    revoke(tenant, [each for each in tenant.state.families.values() if each.grant.client_id == client.client_id])
    invitations = tenant.state.invitations.items()
    tenant.state.invitations = {
        key: each for key, each in invitations if each.document["client_id"] != client.client_id
    }
    for session in tenant.state.sessions.values():
        session.client_ids = [each for each in session.client_ids if each != client.client_id]
    for connection in tenant.state.connections.values():
        if connection.enabled_clients is not None:
            connection.enabled_clients = [each for each in connection.enabled_clients if each != client.client_id]


def delete_connection(tenant: Tenant, connection: Connection) -> None:
    """Delete a connection with its users, and disable it in organizations."""
    del tenant.state.connections[connection.id]
    for user in [each for each in tenant.state.users.values() if each.connection == connection.name]:
        delete_user(tenant, user.user_id)
    for organization in tenant.state.organizations.values():
        organization.connections = tuple(name for name in organization.connections if name != connection.name)
        organization.connection_settings.pop(connection.name, None)


def delete_organization(tenant: Tenant, organization: Organization) -> None:
    """Delete an organization with its memberships and invitations."""
    del tenant.state.organizations[organization.id]
    invitations = tenant.state.invitations.items()
    tenant.state.invitations = {key: each for key, each in invitations if each.organization_id != organization.id}
    for client_grant in tenant.state.client_grants.values():
        client_grant.organization_ids = [each for each in client_grant.organization_ids if each != organization.id]
    families = tenant.state.families.values()
    revoke(tenant, [each for each in families if each.grant.organization_id == organization.id])


def revoke(tenant: Tenant, families: list[RefreshTokenFamily]) -> None:
    """Revoke refresh tokens."""
    for family in families:
        tenant.revoke_refresh_tokens(family)
