"""A guard for any ASGI app: access tokens verified, and rules by path and method, in front of the app.

For Starlette, Litestar, Django, a mounted WSGI or MCP app, or a FastAPI app as a whole. It does not import FastAPI.
docs/guard-any-asgi-app.md shows its use.
"""

from auth0_sso.asgi.admission import token_of
from auth0_sso.asgi.guard import Auth0Guard
from auth0_sso.asgi.rule import Rule
from auth0_sso.web.resource_metadata import ResourceMetadata

__all__ = ["Auth0Guard", "ResourceMetadata", "Rule", "token_of"]
