"""What /admin asks of a login beyond a role: step-up authentication, by the settings (RFC 9470, docs/step-up.md)."""

from collections.abc import Sequence

from fastapi import Depends, params

from auth0_sso.service.settings import ServiceSettings
from auth0_sso.web.guards.logins import require_mfa, require_recent_login


def login_guards(settings: ServiceSettings) -> Sequence[params.Depends]:
    """Return the guard that ADMIN_MFA_REQUIRED and ADMIN_MAX_LOGIN_AGE_SECONDS ask for.

    It is one guard for both, so that one challenge asks for both.
    """
    max_age = settings.admin_max_login_age_seconds
    if settings.admin_mfa_required:
        return [Depends(require_mfa(max_age=max_age))]
    return [] if max_age is None else [Depends(require_recent_login(max_age=max_age))]
