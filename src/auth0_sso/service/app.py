"""The service put together."""

from functools import partial
from importlib.metadata import version
from inspect import signature
from typing import Final

from fastapi import APIRouter, FastAPI

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.drain import Drain
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.routes import admin, dashboard, data, health, home, metrics, profile
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.tenant_check import refuse_development_tenant
from auth0_sso.web.docs_page.routes import add_docs
from auth0_sso.web.harden import http_options, trust_proxies
from auth0_sso.web.middleware.body_limit import MAX_BODY_BYTES
from auth0_sso.web.middleware.problem_handlers import add_problem_handlers
from auth0_sso.web.protect import install_guards
from auth0_sso.web.services.services import open_services

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds: their access log lines are at DEBUG, and they are served under any load."""

_DESCRIPTION = """\
An API guarded by Auth0. Send an access token as `Authorization: Bearer …`, or press **Authorize** to log in.

Every error is a problem (RFC 9457, `application/problem+json`) with a stable `code` and the `requestId`."""


def create_app(
    settings: ServiceSettings | None = None,
    *,
    transport: AsyncTransport | None = None,
    clock: Clock = SYSTEM_CLOCK,
    drain: Drain | None = None,
) -> FastAPI:
    """Return the whole service.

    Without `settings` they are read from the environment, logs are set up, and unusable settings end the process
    with exit code 78: this is what `uvicorn --factory auth0_sso:create_app` calls. `transport` and `clock` are the
    outside world: the network to the tenant, and time. `drain` is the draining state that /readyz reports.
    """
    if settings is None:
        settings = ServiceSettings.load_or_exit()
        refuse_development_tenant(settings)
        configure_logs(settings.log_level, settings.log_format)
        ServiceSettings.log_unknown_names()
    app = FastAPI(
        title="auth0-sso",
        description=_DESCRIPTION,
        version=version("auth0-sso"),
        openapi_tags=[{"name": name} for name in ("home", "profile", "admin", "data", "dashboard", "health")],
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # A redirect would send the token to http:// and to the Host that the request named.
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for routes in (data, home, health, dashboard, profile, admin):  # FastAPI looks through all before it
        _add_routes(app, routes.router)
    if settings.metrics_enabled:
        _add_routes(app, metrics.router)
    add_docs(app, settings)
    add_problem_handlers(app)
    _add_http_layer(app, settings)
    app.state.drain = Drain() if drain is None else drain
    opening = partial(
        open_services,
        transport=transport,
        clock=clock,
        metrics=settings.metrics_enabled,
        profile_rate_limit=settings.profile_rate_limit,
    )
    return install_guards(app, settings, opening)


def _add_routes(app: FastAPI, router: APIRouter) -> None:
    """Add a router's routes to the app itself: to find one in an included router takes a tenth of a request."""
    parameters = signature(app.router.add_api_route).parameters
    for route in router.routes:
        declared = {name: getattr(route, name) for name in parameters if hasattr(route, name)}
        app.router.add_api_route(**declared | {"route_class_override": type(route)})


def _add_http_layer(app: FastAPI, settings: ServiceSettings) -> None:
    options = http_options(app)
    options.security_headers = options.request_id = options.access_log = True
    options.access_log_caller = settings.log_caller
    options.access_log_debug_routes = PROBES
    options.require_host = options.catch_exceptions = True
    options.max_body_bytes = MAX_BODY_BYTES
    options.cors_origins = settings.cors_allowed_origins
    options.cors_headers = settings.cors_allowed_headers
    trust_proxies(app, settings.trusted_proxies)
