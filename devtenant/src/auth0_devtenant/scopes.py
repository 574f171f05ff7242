"""Which of the requested scopes a user's token gets (Auth0: "Enable RBAC for APIs")."""

from collections.abc import Iterable

from auth0_devtenant.state import Api, Tenant, User

DEFAULT_SCOPE = "openid profile email"
"""The scope of a login that requests none."""

_OIDC_SCOPES = ("openid", "profile", "email")


def granted_scope(
    tenant: Tenant, scope: str, user: User, audience: str | None, organization_id: str | None = None
) -> tuple[str, ...]:
    """Return the requested scopes that exist in the API and that the user's permissions allow, without duplicates.

    `offline_access` is left out for an API that does not allow it.
    """
    api = tenant.api(audience or "")
    allowed = {*_OIDC_SCOPES, *_api_scopes(tenant, user, api, organization_id)}
    if api is None or api.allow_offline_access:
        allowed.add("offline_access")
    return tuple(name for name in dict.fromkeys(scope.split()) if name in allowed)


def all_scopes(tenant: Tenant, user: User, audience: str | None) -> str:
    """Return all scopes of an API that a user's permissions allow.

    The password grant has these when it requests none (Auth0: "Resource Owner Password Flow").
    """
    return " ".join(_api_scopes(tenant, user, tenant.api(audience or ""), None))


def _api_scopes(tenant: Tenant, user: User, api: Api | None, organization_id: str | None) -> Iterable[str]:
    if api is None:
        return ()
    return tenant.permission_names(user, api.identifier, organization_id) if api.enforce_policies else api.permissions
