"""A `RoleSource` that notes what it is asked for."""

from dataclasses import dataclass, field

from auth0_sso import AccessToken


@dataclass
class NotedRoles:
    """Roles of every user, and of every member; look-ups are noted with their `stale_ok`."""

    of_tenant: frozenset[str] = frozenset()
    of_member: frozenset[str] = frozenset()
    asked: list[tuple[str, bool]] = field(default_factory=list)

    invalidated: list[str] = field(default_factory=list)

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - RoleSource's
        self.asked.append(("tenant", stale_ok))
        return self.of_tenant

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - RoleSource's
        self.asked.append(("member", stale_ok))
        return self.of_member

    async def invalidate(self, subject: str) -> None:
        """Note it: nothing is cached."""
        self.invalidated.append(subject)
