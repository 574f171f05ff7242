"""The service put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, FastAPI, params

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import IGNORE
from auth0_sso.http.client import AsyncTransport
from auth0_sso.resource_metadata import add_resource_metadata
from auth0_sso.service.audited_services import audited
from auth0_sso.service.drain import Drain
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.metrics_listener import MetricsListener, bind_metrics
from auth0_sso.service.routes import admin, audit_trail, dashboard, data, health, home, profile
from auth0_sso.service.routes import metrics as metrics_route
from auth0_sso.service.routes.admin_login import login_guards
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.tenant_check import refuse_development_tenant
from auth0_sso.web.docs_page.routes import add_docs
from auth0_sso.web.guards.events_route import events_router
from auth0_sso.web.guards.logout_route import logout_router
from auth0_sso.web.guards.logs_route import logs_router
from auth0_sso.web.harden import http_options, trust_proxies
from auth0_sso.web.middleware.body_limit import MAX_BODY_BYTES
from auth0_sso.web.middleware.problem_handlers import add_problem_handlers
from auth0_sso.web.protect import install_guards
from auth0_sso.web.services.components import Metrics
from auth0_sso.web.services.services import Services, open_services

if TYPE_CHECKING:
    from auth0_sso.service.tracing import Tracing
    from auth0_sso.web.services.protection import Opening

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
    metrics: Metrics | None = None,
) -> FastAPI:
    """Return the whole service.

    Without `settings` they are read from the environment, logs are set up, and unusable settings end the process
    with exit code 78: this is what `uvicorn --factory auth0_sso:create_app` calls. `transport` and `clock` are the
    outside world: the network to the tenant, and time. `drain` is the draining state that /readyz reports. `metrics`
    are those of a worker, whose supervisor listens on METRICS_PORT; without them the app makes its own, and listens
    there itself.
    """
    if settings is None:
        settings = ServiceSettings.load_or_exit()
        refuse_development_tenant(settings)
        configure_logs(settings.log_level, settings.log_format)
        ServiceSettings.log_unknown_names()
    tracing = _tracing(settings) if settings.tracing_enabled else None
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
        **_telemetry(tracing),
    )
    for routes in (data, home, health, dashboard, profile):  # FastAPI looks through all before it
        _add_routes(app, routes.router)
    for routes in (admin, audit_trail):
        _add_routes(app, routes.router, login_guards(settings))
    _add_what_auth0_calls(app, settings)
    if settings.metrics_enabled and settings.metrics_port is None:
        _add_routes(app, metrics_route.router)
    add_docs(app, settings)
    if settings.public_url:
        add_resource_metadata(app)
    add_problem_handlers(app)
    _add_http_layer(app, settings)
    app.state.drain = Drain() if drain is None else drain
    listens = settings.metrics_enabled and settings.metrics_port is not None and metrics is None
    if settings.metrics_enabled and metrics is None:
        metrics = _own_metrics(clock)
    opening: Opening = partial(
        audited(_open_with_listener if listens else open_services, settings),
        transport=transport,
        clock=clock,
        metrics=metrics if settings.metrics_enabled else None,
        audit_log=settings.audit_log,
        profile_rate_limit=settings.profile_rate_limit,
        observer=IGNORE if tracing is None else tracing.observe,
    )
    if tracing is not None:
        app.add_middleware(tracing.layer)
        opening = tracing.opening(opening)
    return install_guards(app, settings, opening)


def _add_what_auth0_calls(app: FastAPI, settings: ServiceSettings) -> None:
    tenants = (settings, *settings.other_tenants)
    if any(tenant.auth0_backchannel_logout_clients for tenant in tenants):
        _add_routes(app, logout_router())
    if any(tenant.auth0_events_token for tenant in tenants):
        _add_routes(app, events_router())
    if settings.auth0_logs_token:
        _add_routes(app, logs_router())


def _own_metrics(clock: Clock) -> Metrics:
    from auth0_sso.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415 - needs prometheus_client, which is optional

    return PrometheusMetrics(clock=clock)


@asynccontextmanager
async def _open_with_listener(
    settings: ServiceSettings,
    *,
    metrics: Metrics | None,
    **parts: Any,  # noqa: ANN401 - those of open_services
) -> AsyncIterator[Services]:
    """Open the services, and listen on METRICS_PORT as long as they are open."""
    assert settings.metrics_port is not None and metrics is not None  # noqa: S101, PT018 - else open_services is used
    sockets = bind_metrics(settings.metrics_host or settings.host, settings.metrics_port)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(MetricsListener(metrics.exposition, metrics.content_type).serving(sockets))
        yield await stack.enter_async_context(open_services(settings, metrics=metrics, **parts))


def _tracing(settings: ServiceSettings) -> "Tracing":
    from auth0_sso.service.tracing import Tracing  # noqa: PLC0415 - needs opentelemetry, which is optional

    return Tracing(settings, untraced=PROBES)


def _telemetry(tracing: "Tracing | None") -> dict[str, Any]:
    """Return FastAPI's option for traces; without ours it makes none, whatever the environment says.

    Its own would show query strings and paths. Releases before 0.142 have no such option.
    """
    if "telemetry" not in signature(FastAPI.__init__).parameters:
        return {}
    off = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return {"telemetry": off if tracing is None else tracing.telemetry}


def _add_routes(app: FastAPI, router: APIRouter, guards: Sequence[params.Depends] = ()) -> None:
    """Add a router's routes to the app itself: to find one in an included router takes a tenth of a request.

    `guards` come after those of the routes.
    """
    parameters = signature(app.router.add_api_route).parameters
    for route in router.routes:
        declared = {name: getattr(route, name) for name in parameters if hasattr(route, name)}
        declared["dependencies"] = [*declared["dependencies"], *guards]
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
