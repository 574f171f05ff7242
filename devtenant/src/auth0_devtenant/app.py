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
from auth0_devtenant.backchannel_logout import BackchannelLogout
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
from auth0_devtenant.mailbox import show_mailbox
from auth0_devtenant.management.endpoints import ROUTES
from auth0_devtenant.management.ticket_pages import ROUTES as TICKET_ROUTES
from auth0_devtenant.oauth import activation, database
from auth0_devtenant.oauth.device import issue_device_code
from auth0_devtenant.oauth.passwordless import start_passwordless
from auth0_devtenant.oauth.registration import register_client
from auth0_devtenant.oauth.revocation import revoke
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
            Route("/oauth/revoke", revoke, methods=["POST"]),
            Route("/oidc/register", register_client, methods=["POST"]),
            Route("/oauth/device/code", issue_device_code, methods=["POST"]),
            Route("/activate", activation.show_activation, methods=["GET"]),
            Route("/activate", activation.confirm, methods=["POST"]),
            Route("/activate/callback", activation.finish, methods=["GET"]),
            Route("/passwordless/start", start_passwordless, methods=["POST"]),
            Route("/dbconnections/signup", database.sign_up, methods=["POST"]),
            Route("/dbconnections/change_password", database.change_password, methods=["POST"]),
            *TICKET_ROUTES,
            Mount("/api/v2", routes=list(ROUTES)),
            Mount(
                DEVELOPMENT_PATH,
                routes=[
                    *faults.routes,
                    *requests.routes,
                    *Control().routes,
                    Route("/mailbox", show_mailbox, methods=["GET"]),
                ],
            ),
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
                allow_headers=["authorization", "content-type", "auth0-client", "x-requested-with", "dpop"],
                expose_headers=["DPoP-Nonce", "WWW-Authenticate"],
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
    app.state.backchannel_logout = BackchannelLogout(tenant)
    return app
