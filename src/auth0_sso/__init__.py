"""Guard an API with Auth0: access tokens verified, roles asked of the tenant, errors answered as problems.

`protect` gives an app of your own what the guards need, and nothing else; `harden` and `add_docs` add parts of the
service by their names. `create_app` is the whole service, which needs the extra `service`. Each error is in
`auth0_sso.errors`, and what tests need in `auth0_sso.testing`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

# A name is imported when it is first used (PEP 562): `protect` then loads neither the service nor a package of an
# extra, which may not be installed. Type checkers and editors read these imports instead.
if TYPE_CHECKING:
    from auth0_sso.audit.log import AuditLog
    from auth0_sso.audit.record import AuditRecord
    from auth0_sso.audit.trail import AuditSink
    from auth0_sso.calling.client_credentials import ClientCredentials
    from auth0_sso.calling.confidential_client import ConfidentialClient
    from auth0_sso.errors import Auth0SsoError, ConfigurationError
    from auth0_sso.jwks.static import StaticKeys
    from auth0_sso.management.client import ManagementClient
    from auth0_sso.resource_metadata import add_resource_metadata
    from auth0_sso.roles.source import RoleSource
    from auth0_sso.service.app import create_app
    from auth0_sso.settings import Settings
    from auth0_sso.tokens.actors import actors, current_actor
    from auth0_sso.tokens.claims import AccessToken, TokenPolicy
    from auth0_sso.tokens.verifier import KeySource, TokenVerifier
    from auth0_sso.web.docs_page.routes import add_docs
    from auth0_sso.web.guards.audit import Audit, RequestAudit, get_audit
    from auth0_sso.web.guards.email_domains import require_email_domain
    from auth0_sso.web.guards.events_route import events_router
    from auth0_sso.web.guards.exchange import Exchange, get_exchange
    from auth0_sso.web.guards.guarded_route import GuardedRoute
    from auth0_sso.web.guards.logins import require_acr, require_mfa, require_recent_login
    from auth0_sso.web.guards.logout_route import logout_router
    from auth0_sso.web.guards.logs_route import logs_router
    from auth0_sso.web.guards.networks import require_network
    from auth0_sso.web.guards.own_checks import require
    from auth0_sso.web.guards.public_routes import public_route
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
        require_dpop,
        require_organization,
        require_permission,
        require_scope,
        user_token,
    )
    from auth0_sso.web.harden import harden
    from auth0_sso.web.middleware.problem_handlers import observe_refusal
    from auth0_sso.web.protect import protect

__all__ = [
    "AccessToken",
    "Audit",
    "AuditLog",
    "AuditRecord",
    "AuditSink",
    "Auth0SsoError",
    "ClientCredentials",
    "ConfidentialClient",
    "ConfigurationError",
    "CurrentOrganizationRoles",
    "CurrentRoles",
    "CurrentToken",
    "Exchange",
    "GuardedRoute",
    "KeySource",
    "LimitedToken",
    "Management",
    "ManagementClient",
    "OptionalToken",
    "RequestAudit",
    "RoleSource",
    "Settings",
    "StaticKeys",
    "TokenPolicy",
    "TokenVerifier",
    "UserToken",
    "actors",
    "add_docs",
    "add_resource_metadata",
    "create_app",
    "current_actor",
    "current_organization_roles",
    "current_roles",
    "current_token",
    "events_router",
    "get_audit",
    "get_exchange",
    "get_management",
    "harden",
    "limited_token",
    "logout_router",
    "logs_router",
    "observe_refusal",
    "optional_token",
    "protect",
    "public_route",
    "rate_limit",
    "require",
    "require_acr",
    "require_all_roles",
    "require_any_permission",
    "require_any_role",
    "require_any_scope",
    "require_dpop",
    "require_email_domain",
    "require_mfa",
    "require_network",
    "require_organization",
    "require_permission",
    "require_recent_login",
    "require_role",
    "require_scope",
    "user_token",
]

_MODULES = {
    "audit.log": ("AuditLog",),
    "audit.record": ("AuditRecord",),
    "audit.trail": ("AuditSink",),
    "calling.client_credentials": ("ClientCredentials",),
    "calling.confidential_client": ("ConfidentialClient",),
    "errors": ("Auth0SsoError", "ConfigurationError"),
    "jwks.static": ("StaticKeys",),
    "management.client": ("ManagementClient",),
    "resource_metadata": ("add_resource_metadata",),
    "roles.source": ("RoleSource",),
    "service.app": ("create_app",),
    "settings": ("Settings",),
    "tokens.actors": ("actors", "current_actor"),
    "tokens.claims": ("AccessToken", "TokenPolicy"),
    "tokens.verifier": ("KeySource", "TokenVerifier"),
    "web.docs_page.routes": ("add_docs",),
    "web.guards.audit": ("RequestAudit", "Audit", "get_audit"),
    "web.guards.exchange": ("Exchange", "get_exchange"),
    "web.guards.email_domains": ("require_email_domain",),
    "web.guards.events_route": ("events_router",),
    "web.guards.guarded_route": ("GuardedRoute",),
    "web.guards.logins": ("require_acr", "require_mfa", "require_recent_login"),
    "web.guards.logout_route": ("logout_router",),
    "web.guards.logs_route": ("logs_router",),
    "web.guards.networks": ("require_network",),
    "web.harden": ("harden",),
    "web.middleware.problem_handlers": ("observe_refusal",),
    "web.guards.own_checks": ("require",),
    "web.protect": ("protect",),
    "web.guards.public_routes": ("public_route",),
    "web.guards.rate_limits": ("LimitedToken", "limited_token", "rate_limit"),
    "web.guards.role_guards": (
        "CurrentOrganizationRoles",
        "CurrentRoles",
        "current_organization_roles",
        "current_roles",
        "require_all_roles",
        "require_any_role",
        "require_role",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take every name for one of the module's

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_MODULE_OF.get(name, 'web.guards.token_guards')}")
        value: object = getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names too, whether they were used or not."""
    return sorted({*globals(), *__all__})
