"""/authorize: the authorization endpoint (RFC 6749 section 3.1, OIDC Core section 3.1.2)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication.pushed_requests import take_pushed
from auth0_devtenant.authentication.steps import start
from auth0_devtenant.bodies import read_form, tenant_of


async def authorize(request: Request) -> Response:
    """Redirect to the first page of a login, or answer the application at once if the browser is logged in."""
    parameters = dict(request.query_params) if request.method == "GET" else read_form(await request.body())
    if "request_uri" in parameters:
        parameters = take_pushed(tenant_of(request), parameters)
    return start(request, parameters)
