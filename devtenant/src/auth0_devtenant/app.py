"""The tenant as an ASGI app."""

import time
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from auth0_devtenant.authentication.responses import (
    AuthorizationError,
    UntrustedRequestError,
    authorization_error_response,
    untrusted_request_response,
)
from auth0_devtenant.authentication.routes import ROUTES as AUTHENTICATION_ROUTES
from auth0_devtenant.development.control import Control
from auth0_devtenant.development.faults import FaultMiddleware, Faults
from auth0_devtenant.development.home import Home
from auth0_devtenant.development.origins import DEVELOPMENT_PATH, OriginCheckMiddleware, WebOriginsMiddleware
from auth0_devtenant.development.requests import Requests, RequestsMiddleware
from auth0_devtenant.errors import (
    ApiError,
    OAuthError,
    api_error_response,
    http_exception_response,
    oauth_error_response,
)
from auth0_devtenant.management import ROUTES
from auth0_devtenant.oauth.token_endpoint import issue_token
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.state import Tenant


def create_tenant(
    options: TenantOptions | None = None,
    *,
    now: Callable[[], float] = time.time,
    signing_keys: Sequence[rsa.RSAPrivateKey] = (),
) -> Starlette:
    """Return a tenant as an ASGI app; its `Tenant` is `app.state.tenant`.

    `now` is its only clock, and returns seconds since 1970. `signing_keys` are used, as current and next key and then
    by rotations, before new ones are generated.
    """
    options = TenantOptions() if options is None else options
    tenant = Tenant(options, now=now, signing_keys=signing_keys)
    faults, requests = Faults(), Requests()
    app = Starlette(
        routes=[
            *Home(requests).routes,
            *AUTHENTICATION_ROUTES,
            Route("/oauth/token", issue_token, methods=["POST"]),
            Mount("/api/v2", routes=list(ROUTES)),
            Mount(DEVELOPMENT_PATH, routes=[*faults.routes, *requests.routes, *Control().routes]),
        ],
        # auth0-spa-js sends the header Auth0-Client, so its token request is preflighted.
        middleware=[
            Middleware(OriginCheckMiddleware, tenant=tenant),
            Middleware(RequestsMiddleware, requests=requests),
            Middleware(FaultMiddleware, faults=faults),
            Middleware(
                WebOriginsMiddleware,
                tenant=tenant,
                allow_methods=["GET", "POST", "PUT", "DELETE"],
                allow_headers=["authorization", "content-type", "auth0-client", "x-requested-with"],
            ),
        ],
        exception_handlers={
            AuthorizationError: authorization_error_response,
            UntrustedRequestError: untrusted_request_response,
            OAuthError: oauth_error_response,
            ApiError: api_error_response,
            HTTPException: http_exception_response,
        },
    )
    app.state.tenant = tenant
    return app
