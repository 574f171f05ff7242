"""Which page a login needs next, and what prompt=none answers instead of a page (OIDC Core section 3.1.2.1)."""

from typing import Final

from auth0_devtenant.authentication.request import AuthorizationRequest
from auth0_devtenant.state import Client, Login, Organization, Session, Tenant, User

LOGIN: Final = "/u/login"
SIGNUP: Final = "/u/signup"
CONNECTION: Final = "/u/connection"
SELECT_ACCOUNT: Final = "/u/select-account"
MFA: Final = "/u/mfa-otp-challenge"
ORGANIZATION: Final = "/u/organization-picker"
CONSENT: Final = "/u/consent"

_LOGIN_REQUIRED: Final = ("login_required", "Login required")
_WITHOUT_A_PAGE: Final = {
    MFA: ("interaction_required", "Multifactor authentication required"),
    ORGANIZATION: ("interaction_required", "The user has to select an organization"),
    CONSENT: ("consent_required", "Consent required"),
}


def next_page(tenant: Tenant, request: AuthorizationRequest, login: Login, session: Session | None) -> str | None:
    """Return the path of the page that the login needs next, None if it is finished; raise `AuthorizationError`.

    `session` is that of the browser.
    """
    session = usable_session(tenant, request, login, session)
    user = user_of(tenant, login, session)
    if user is None:
        return _first_page(tenant, request)
    if login.user_id is None and "select_account" in request.prompt and not login.account:
        return SELECT_ACCOUNT
    if user.document.get("blocked"):
        raise request.error("unauthorized", "user is blocked")
    amr = login.amr if session is None else session.amr
    if "mfa" not in amr and (user.mfa or login.second_factor or request.multi_factor):
        return MFA
    if _needs_organization(tenant, request, login, user, session):
        return ORGANIZATION
    return CONSENT if _needs_consent(tenant, request, login, user) else None


def error_without_a_page(request: AuthorizationRequest, page: str) -> Exception:
    """Return the error of a request with prompt=none that needs a page."""
    return request.error(*_WITHOUT_A_PAGE.get(page, _LOGIN_REQUIRED))


def usable_session(
    tenant: Tenant, request: AuthorizationRequest, login: Login, session: Session | None
) -> Session | None:
    """Return the browser's session if the request accepts it; None once the user authenticated in this login."""
    if session is None or login.user_id is not None or login.account == "other" or "login" in request.prompt:
        return None
    age = tenant.now() - session.auth_time
    too_old = request.max_age is not None and (age > request.max_age or request.max_age == 0)
    return None if too_old else session


def user_of(tenant: Tenant, login: Login, session: Session | None) -> User | None:
    """Return the user of a login: the one who authenticated in it, or that of the session."""
    if login.user_id is not None:
        return tenant.state.users.get(login.user_id)
    return None if session is None else tenant.state.users.get(session.user_id)


def organizations_of(tenant: Tenant, user: User) -> list[Organization]:
    """Return the organizations that the user is a member of."""
    return [each for each in tenant.state.organizations.values() if user.user_id in each.members]


def organization_id_of(
    tenant: Tenant, request: AuthorizationRequest, login: Login, session: Session | None
) -> str | None:
    """Return the organization of a finished login: the one requested, chosen, or chosen before in the session."""
    organization = None if request.organization is None else tenant.find_organization(request.organization)
    if organization is not None:
        return organization.id
    if client_of(tenant, request).organization_usage != "require":
        return None
    return login.organization_id or (None if session is None else session.organization_id)


def client_of(tenant: Tenant, request: AuthorizationRequest) -> Client:
    """Return the application of a request."""
    return tenant.state.clients[request.client_id]


def consent_id(request: AuthorizationRequest, user: User) -> str:
    """Return the key of a user's consent to an application and an API."""
    return "|".join((request.client_id, request.audience or "", user.user_id))


def _first_page(tenant: Tenant, request: AuthorizationRequest) -> str:
    connection = None if request.connection is None else tenant.connection(request.connection)
    if connection is not None and connection.strategy != "auth0":
        return CONNECTION
    return SIGNUP if request.screen_hint == "signup" else LOGIN


def _needs_organization(
    tenant: Tenant, request: AuthorizationRequest, login: Login, user: User, session: Session | None
) -> bool:
    """Return whether an organization has to be chosen; raise `AuthorizationError` for a user who is not a member.

    Auth0: "Organization usage", with the behavior "prompt for organization after login".
    """
    memberships = organizations_of(tenant, user)
    chosen = organization_id_of(tenant, request, login, session)
    if request.organization is not None:
        if chosen not in {each.id for each in memberships}:
            message = f"user {user.user_id} is not part of the {request.organization} organization"
            raise request.error("access_denied", message)
        return False
    if client_of(tenant, request).organization_usage != "require":
        return False
    if not memberships:
        message = "client requires organization membership, but user does not belong to any organization"
        raise request.error("invalid_request", message)
    return chosen not in {each.id for each in memberships}


def _needs_consent(tenant: Tenant, request: AuthorizationRequest, login: Login, user: User) -> bool:
    """Return whether to ask for consent; users of first-party applications are asked with prompt=consent only."""
    if login.consented:
        return False
    if "consent" in request.prompt:
        return True
    if client_of(tenant, request).is_first_party:
        return False
    consent = tenant.state.consents.get(consent_id(request, user))
    return consent is None or not {*request.scope.split()} <= {*consent.scope}
