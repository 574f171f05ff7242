"""The home page at the tenant's address. Auth0 has none."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.development.own_paths import HOME
from auth0_devtenant.development.requests import Requests
from auth0_devtenant.pages.home.page import home_page


class Home:
    """The page, which shows the last requests."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self.routes = (Route(HOME, self._show, methods=["GET"]),)

    async def _show(self, request: Request) -> Response:
        """Show what the tenant has, with switches for its faults, clock, keys and sessions."""
        return home_page(tenant_of(request), issuer_of(request), [*self._requests.last])
