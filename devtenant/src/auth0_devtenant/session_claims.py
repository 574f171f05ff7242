"""Claims about the session in access tokens: what an Auth0 tenant adds by a post-login Action.

Auth0's access tokens have no `acr`, `amr`, `auth_time` and `sid`, and an Action cannot add these names: it adds names
in a namespace (Auth0: "Create Custom Claims").
"""

from auth0_devtenant.seed import Seed
from auth0_devtenant.state import Api, Grant, Json, Tenant, User

_METHODS = {"auth0": "pwd", "email": "email"}
"""The first entry of `amr` by the strategy of the connection, as `event.authentication.methods` of an Action has it;
that of e-mail is unverified."""


def session_claims(tenant: Tenant, api: Api, user: User, grant: Grant) -> Json:
    """Return the claims `sid`, `amr`, `auth_time` and `acr` of the login in the namespace of the tenant.

    They are those of the login that a refresh token belongs to: its use renews none. Without a browser there
    is no session, and no `sid`. The Management API's tokens have none of these claims.
    """
    namespace = namespace_of(tenant.options.seed, api.identifier)
    if namespace is None or api.is_system or grant.auth_time is None:
        return {}
    claims = {
        "sid": grant.session_id,
        "amr": [_method(tenant, user), *grant.amr],
        "auth_time": grant.auth_time,
        "acr": grant.acr,
    }
    return {f"{namespace}{name}": value for name, value in claims.items() if value is not None}


def namespace_of(seed: Seed, audience: str) -> str | None:
    """Return what the names of these claims begin with for an API, None where tokens have none of them."""
    if seed.session_claims is False:
        return None
    return f"{audience.rstrip('/')}/" if seed.session_claims is True else seed.session_claims


def _method(tenant: Tenant, user: User) -> str:
    connection = tenant.connection(user.connection)
    return "federated" if connection is None else _METHODS.get(connection.strategy, "federated")
