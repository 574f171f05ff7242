"""Whether a user has the roles that are asked for. Tenant-wide roles count first, an organization's where allowed."""

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass

from auth0_sso.errors import InsufficientScopeError, ManagementNotConfiguredError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import Requirement, role_requirement
from auth0_sso.web.services.services import Services

KnownRoles = MutableMapping[tuple[bool, bool], frozenset[str]]
"""The roles of one request's user, by whether they are those of the organization's member and whether old ones were
accepted."""


@dataclass(frozen=True, slots=True)
class RequiredRoles:
    """Names of roles, of which a user needs one or all, and which kinds of roles count."""

    names: frozenset[str]
    one_suffices: bool = True
    within_organization: bool = False
    stale_ok: bool = False

    @property
    def requirement(self) -> Requirement:
        """What this asks for, for lists of routes."""
        return role_requirement(
            self.names,
            one_suffices=self.one_suffices,
            within_organization=self.within_organization,
            stale_ok=self.stale_ok,
        )

    async def require(self, services: Services, token: AccessToken, known: KnownRoles) -> None:
        """Raise `InsufficientScopeError` for a user without them, and what `roles_of` raises."""
        held = await roles_of(services, token, known, stale_ok=self.stale_ok)
        if self._suffice(held):  # without a call for the member's roles
            return
        if self.within_organization:
            held |= await roles_of(services, token, known, of_member=True, stale_ok=self.stale_ok)
            if self._suffice(held):
                return
        raise role_missing(self.names)

    def _suffice(self, held: frozenset[str]) -> bool:
        return not self.names.isdisjoint(held) if self.one_suffices else self.names <= held


async def roles_of(
    services: Services, token: AccessToken, known: KnownRoles, *, of_member: bool = False, stale_ok: bool = False
) -> frozenset[str]:
    """Return the names of the user's roles, those of one kind once for a request.

    Raises `InsufficientScopeError` for a machine's token, `ManagementNotConfiguredError` where roles have no source,
    and what a `RoleSource` raises.
    """
    if token.is_machine:
        raise no_user()
    if known:
        # What accepts old roles takes fresh ones too.
        for kind in ((of_member, False), (of_member, stale_ok)):
            if kind in known:
                return known[kind]
    source = services.roles
    if source is None:
        raise ManagementNotConfiguredError
    ask = source.organization_roles_of if of_member else source.roles_of
    known[of_member, stale_ok] = roles = await ask(token, stale_ok=stale_ok)
    return roles


def require_user(token: AccessToken) -> None:
    """Raise `InsufficientScopeError` for the token of a machine."""
    if token.is_machine:
        raise no_user()


def role_missing(names: Collection[str] = ()) -> InsufficientScopeError:
    """Return the error for a user without the required roles."""
    error = InsufficientScopeError("role_missing", "Your roles do not allow this.")
    error.roles = tuple(sorted(names))
    return error


def no_user() -> InsufficientScopeError:
    """Return the error for a machine where a user is required."""
    return InsufficientScopeError("no_user", "This needs the token of a user; a machine's stands for none.")
