"""GET /dashboard: for administrators and managers."""

from typing import Literal

from fastapi import APIRouter, Depends

from auth0_sso.service.schemas import Dashboard
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.role_guards import CurrentRoles, require_any_role

router = APIRouter(tags=["dashboard"], route_class=GuardedRoute)


@router.get("/dashboard", dependencies=[Depends(require_any_role("admin", "manager"))])
async def show_dashboard(roles: CurrentRoles) -> Dashboard:
    """Return the dashboard and the role that gave access, admin before manager."""
    level: Literal["admin", "manager"] = "admin" if "admin" in roles else "manager"
    return Dashboard(message=f"Dashboard for the role {level}.", access_level=level)
