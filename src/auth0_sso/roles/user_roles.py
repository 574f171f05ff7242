"""What the tenant says of a user: the roles, or why there are none.

Roles in the whole tenant and roles within one organization are separate standings, under separate keys: mixing
them lets a customer's administrator administer every customer.
"""

from dataclasses import dataclass

from auth0_sso.errors import InsufficientScopeError

UserRolesKey = tuple[str, str | None]
"""Whose roles they are: a subject, and the organization in which it is a member, or None for the whole tenant."""


@dataclass(frozen=True, slots=True)
class UserRoles:
    """Role names, or the reason of a refusal: `user_unknown` or `user_blocked`."""

    roles: frozenset[str] = frozenset()
    refusal: str | None = None
    age: float = 0
    """For how long it was known already when this process learned it, in seconds."""

    def require(self) -> frozenset[str]:
        """Return the role names; raise `InsufficientScopeError` for a user who is deleted or blocked."""
        if self.refusal is not None:
            raise InsufficientScopeError(self.refusal, "The user of this token is not known any more, or is blocked.")
        return self.roles
