"""What a login page offers: connections and people, fewer of them for an organization or a connection."""

from auth0_devtenant.authentication.steps import Step
from auth0_devtenant.state import Connection, Organization, User


def people(step: Step) -> list[User]:
    """Return the people who can log in by one click."""
    names, organization = {each.name for each in _connections(step)}, _organization(step)
    users = [user for user in step.tenant.state.users.values() if user.connection in names]
    return [user for user in users if organization is None or user.user_id in organization.members]


def with_password(step: Step) -> bool:
    """Return whether a database connection is among the choices."""
    return any(each.strategy == "auth0" for each in _connections(step))


def external_connections(step: Step) -> list[Connection]:
    """Return the connections to other identity providers; passwordless e-mail only if it is requested."""
    hidden = {"auth0"} if step.request.connection else {"auth0", "email"}
    return [each for each in _connections(step) if each.strategy not in hidden]


def organization_name(step: Step) -> str:
    """Return how the requested organization calls itself, "" for none."""
    organization = _organization(step)
    return "" if organization is None else organization.display_name or organization.name


def _connections(step: Step) -> list[Connection]:
    organization, requested = _organization(step), step.request.connection
    connections = [*step.tenant.state.connections.values()]
    if requested is not None:
        connections = [each for each in connections if each.name == requested]
    if organization is not None:
        connections = [each for each in connections if each.name in organization.connections]
    return connections


def _organization(step: Step) -> Organization | None:
    name = step.request.organization
    return None if name is None else step.tenant.find_organization(name)
