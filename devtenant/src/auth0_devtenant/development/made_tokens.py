"""Access tokens without a login, for tests: as the login or the token endpoint would make them."""

from auth0_devtenant import tokens
from auth0_devtenant.errors import ApiError
from auth0_devtenant.scopes import DEFAULT_SCOPE, granted_scope
from auth0_devtenant.seed import MACHINE_CLIENT_ID, SPA_CLIENT_ID
from auth0_devtenant.state import Grant, Organization, Tenant, User


def make_token(
    tenant: Tenant,
    issuer: str,
    *,
    user: str | None = None,
    client_id: str | None = None,
    audience: str | None = None,
    scope: str | None = None,
    organization: str | None = None,
) -> str:
    """Return an access token of a user, by email or id, else of a machine.

    By default it is for the first API, with all permissions of the user. Raises `ApiError` for what does not exist.
    """
    audience = audience or tenant.options.audience
    if tenant.api(audience) is None:
        raise ApiError(400, f"Service not found: {audience}")
    member_of = None if organization is None else _organization(tenant, organization)
    if user is not None:
        return _user_token(tenant, issuer, find_user(tenant, user), client_id, audience, scope, member_of)
    client_id, scopes = client_id or MACHINE_CLIENT_ID, (scope or "").split()
    return tokens.machine_token(tenant, issuer, client_id, audience, scopes, organization=member_of)


def find_user(tenant: Tenant, email_or_id: str) -> User:
    """Return a user; raise `ApiError` if there is none."""
    for user in tenant.state.users.values():
        if email_or_id in {user.user_id, user.document.get("email")}:
            return user
    raise ApiError(404, "The user does not exist.", "inexistent_user")


def _user_token(
    tenant: Tenant,
    issuer: str,
    user: User,
    client_id: str | None,
    audience: str,
    scope: str | None,
    organization: Organization | None,
) -> str:
    organization_id = None if organization is None else organization.id
    permitted = " ".join(tenant.permission_names(user, audience, organization_id))
    wanted = scope or f"{DEFAULT_SCOPE} {permitted}"
    grant = Grant(
        client_id=client_id or SPA_CLIENT_ID,
        user_id=user.user_id,
        scope=granted_scope(tenant, wanted, user, audience, organization_id),
        audience=audience,
        issuer=issuer,
        organization_id=organization_id,
    )
    return tokens.user_token(tenant, user, grant)


def _organization(tenant: Tenant, name_or_id: str) -> Organization:
    found = tenant.find_organization(name_or_id)
    if found is None:
        raise ApiError(400, f"There is no organization {name_or_id}")
    return found
