"""Guard an API with Auth0: access tokens verified, roles asked of the tenant, errors answered as problems.

`create_app` is the whole service; `protect` gives an app of your own what the guards need, and nothing else. `harden`
and `add_docs` add parts of the service by their names.
"""

from auth0_sso.errors import Auth0SsoError
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.service.app import create_app
from auth0_sso.settings import Settings
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.docs_page import add_docs
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.own_checks import require
from auth0_sso.web.guards.rate_limits import LimitedToken, limited_token, rate_limit
from auth0_sso.web.guards.role_guards import (
    CurrentOrganizationRoles,
    CurrentRoles,
    current_organization_roles,
    current_roles,
    require_all_roles,
    require_any_role,
    require_role,
)
from auth0_sso.web.guards.token_guards import (
    CurrentToken,
    Management,
    OptionalToken,
    UserToken,
    current_token,
    get_management,
    optional_token,
    require_any_permission,
    require_any_scope,
    require_organization,
    require_permission,
    require_scope,
    user_token,
)
from auth0_sso.web.harden import harden
from auth0_sso.web.protect import protect

__all__ = [
    "AccessToken",
    "Auth0SsoError",
    "CurrentOrganizationRoles",
    "CurrentRoles",
    "CurrentToken",
    "GuardedRoute",
    "LimitedToken",
    "Management",
    "OptionalToken",
    "Settings",
    "StaticKeys",
    "UserToken",
    "add_docs",
    "create_app",
    "current_organization_roles",
    "current_roles",
    "current_token",
    "get_management",
    "harden",
    "limited_token",
    "optional_token",
    "protect",
    "rate_limit",
    "require",
    "require_all_roles",
    "require_any_permission",
    "require_any_role",
    "require_any_scope",
    "require_organization",
    "require_permission",
    "require_role",
    "require_scope",
    "user_token",
]
