"""The Management API v2, as far as the tenant has it: users, roles, organizations and signing keys."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import by_id, roles, signing_keys, users


async def not_found(_: Request) -> Response:
    """Return the 404 of an unknown path."""
    raise ApiError(404, "Not Found")


ROUTES = (*users.ROUTES, *roles.ROUTES, *signing_keys.ROUTES, *by_id.ROUTES, Route("/{path:path}", not_found))
"""Under /api/v2."""
