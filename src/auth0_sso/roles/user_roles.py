"""The roles of one user, or the reason why the user has no access.

Roles in the whole tenant and roles within one organization are cached under separate keys: mixing them would let a
customer's administrator administer every customer.
"""

from dataclasses import dataclass

from auth0_sso.errors import InsufficientScopeError

UserRolesKey = tuple[str, str | None]
"""A subject, and the organization in which it has the roles, None for the whole tenant."""


@dataclass(frozen=True, slots=True)
class UserRoles:
    """Role names, or the reason of a refusal: `user_unknown` or `user_blocked`."""

    roles: frozenset[str] = frozenset()
    refusal: str | None = None
    age: float = 0
    """Seconds between the look-up, by any replica, and the moment when this process received it."""

    def require(self) -> frozenset[str]:
        """Return the role names; raise `InsufficientScopeError` for a user who is deleted or blocked."""
        if self.refusal is not None:
            raise InsufficientScopeError(self.refusal, "The user of this token is not known any more, or is blocked.")
        return self.roles
