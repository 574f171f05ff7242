"""The roles of a user before and after a change, for the audit trail."""

from collections.abc import Collection, Mapping

from auth0_sso.management.client import ManagementClient
from auth0_sso.web.guards.audit import UNKNOWN

RoleList = list[dict[str, str]]
"""Roles with `id` and `name`, or without the name where it is not known."""


class RoleStates:
    """Reads the roles of a user before a change, and returns what they are after it."""

    def __init__(self, management: ManagementClient, user_id: str) -> None:
        self._management = management
        self._user_id = user_id
        self._before: dict[str, str] | None = None

    async def before(self) -> RoleList:
        """Return the roles now; raise what `ManagementClient.list_user_roles` raises."""
        self._before = {role.id: role.name for role in await self._management.list_user_roles(self._user_id)}
        return _listed(self._before)

    def after(self, *, assigned: Collection[str] = (), removed: Collection[str] = ()) -> RoleList | str:
        """Return the roles after these, by their ids, were assigned or removed; unknown where those before are."""
        if self._before is None:
            return UNKNOWN
        roles = dict.fromkeys(assigned, "") | self._before
        return _listed({role: name for role, name in roles.items() if role not in removed})


def _listed(roles: Mapping[str, str]) -> RoleList:
    return [{"id": role, "name": name} if name else {"id": role} for role, name in sorted(roles.items())]
