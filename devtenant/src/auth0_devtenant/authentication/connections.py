"""/u/connection: the stand-in for another identity provider, such as Google or a company's SSO.

It shapes the user id as the provider does: google-oauth2|<digits>, samlp|<connection>|<name id>.
"""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication import choices, prompts
from auth0_devtenant.authentication.responses import UntrustedRequestError
from auth0_devtenant.authentication.steps import Step, authenticated, open_step
from auth0_devtenant.pages.connection import connection_page
from auth0_devtenant.state import Connection, Organization, User

_ENTERPRISE = frozenset({"samlp", "oidc", "waad"})


async def show_connection(request: Request) -> Response:
    """Show the accounts of the identity provider."""
    step = await open_step(request)
    return _page(step, _connection(step))


async def log_in_by_connection(request: Request) -> Response:
    """Log in with the account that was chosen; its user is created at the first login."""
    step = await open_step(request)
    connection = _connection(step)
    email = step.form.get("email", "").strip().lower()
    if not email or email.startswith("@") or "@" not in email:
        return _page(step, connection, error="This is not an email address.")
    tenant = step.tenant
    user = tenant.find_by_email(email, connection.name)
    if user is None:
        user = tenant.add_user(user_id(connection, email), email, "", connection=connection.name, email_verified=True)
    _join(step, connection, user)
    return authenticated(step, user)


def user_id(connection: Connection, email: str) -> str:
    """Return the id of a new user of a connection; the same email always has the same."""
    digest = sha256(f"{connection.name}\0{email}".encode()).hexdigest()
    number = str(int(digest, 16))
    forms = {
        "google-oauth2": f"1{number[:20]}",
        "github": number[:8],
        "windowslive": digest[:16],
        "apple": f"000{number[:3]}.{digest[:32]}.{number[3:7]}",
        "samlp": f"{connection.name}|{email}",
        "oidc": f"{connection.name}|{digest[:24]}",
        "waad": f"{connection.name}|{digest[:43]}",
    }
    return f"{connection.strategy}|{forms.get(connection.strategy, digest[:24])}"


def _join(step: Step, connection: Connection, user: User) -> None:
    """Make the user of a company's SSO a member of its organization (Auth0: `assign_membership_on_login`)."""
    organization = _organization_of(step, connection)
    if organization is not None:
        organization.members.setdefault(user.user_id, ())
        step.login.organization_id = organization.id


def _organization_of(step: Step, connection: Connection) -> Organization | None:
    """Return the requested organization; if the application requires one, the only one with the connection.

    That the latter needs no choice at Auth0 is unverified.
    """
    if connection.strategy not in _ENTERPRISE:
        return None
    if step.request.organization is not None:
        return step.tenant.find_organization(step.request.organization)
    if prompts.client_of(step.tenant, step.request).organization_usage != "require":
        return None
    found = [each for each in step.tenant.state.organizations.values() if connection.name in each.connections]
    return found[0] if len(found) == 1 else None


def _connection(step: Step) -> Connection:
    """Return the connection: the one requested, or the one chosen on the login page."""
    name = step.http.query_params.get("connection") or step.request.connection
    connection = next((each for each in choices.external_connections(step) if each.name == name), None)
    if connection is None:
        raise UntrustedRequestError("This connection is not enabled for this login.")
    return connection


def _page(step: Step, connection: Connection, *, error: str = "") -> Response:
    users = [user for user in choices.people(step) if user.connection == connection.name]
    others = [] if step.request.organization else step.tenant.state.users.values()
    emails = dict.fromkeys(str(user.document["email"]) for user in (*users, *others) if user.document.get("email"))
    return connection_page(
        step.state,
        connection,
        [*emails],
        application=prompts.client_of(step.tenant, step.request).name,
        email=step.request.login_hint,
        error=error,
    )
