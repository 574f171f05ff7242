"""The Management API v2: users, roles and signing keys, for clients with the scopes."""

from starlette.routing import Route

from auth0_devtenant.management import by_id, roles, signing_keys, users
from auth0_devtenant.management.guard import not_found

ROUTES = (*users.ROUTES, *roles.ROUTES, *signing_keys.ROUTES, *by_id.ROUTES, Route("/{path:path}", not_found))
"""Under /api/v2."""
