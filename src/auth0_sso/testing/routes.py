"""Which routes of an app ask for no token: `assert unguarded_routes(app, public={"/", "/healthz"}) == []`."""

from auth0_sso.inspection.route_list import unguarded_routes

__all__ = ["unguarded_routes"]
