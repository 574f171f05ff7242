"""The service put together: `create_app` builds all of it, `protect` the part that any FastAPI app can use."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

import httpx
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from auth0_sso.settings import Settings
from auth0_sso.web.docs_page import add_docs
from auth0_sso.web.drain import Drain
from auth0_sso.web.logs import configure_logs
from auth0_sso.web.middleware import RequestLayer
from auth0_sso.web.openapi import describe
from auth0_sso.web.problems import add_problem_handlers
from auth0_sso.web.routes import admin, dashboard, data, health, home, metrics, profile
from auth0_sso.web.services import Clock, open_services

_DESCRIPTION = """\
An API guarded by Auth0. Send an access token as `Authorization: Bearer …`, or press **Authorize** to log in.

Every error is a problem (RFC 9457, `application/problem+json`) with a stable `code` and the `requestId`."""


def create_app(
    settings: Settings | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    drain: Drain | None = None,
) -> FastAPI:
    """Return the whole service.

    Without `settings` they are read from the environment, logs are set up, and unusable settings end the process
    with exit code 78: this is what `uvicorn --factory auth0_sso:create_app` calls. `transport` and `clock` are the
    outside world: the network to the tenant, and time. `drain` tells /readyz that the process is on its way out.
    """
    if settings is None:
        settings = Settings.load_or_exit()
        configure_logs(settings.log_level)
        Settings.log_unknown_names()
    app = FastAPI(
        title="auth0-sso",
        description=_DESCRIPTION,
        version=version("auth0-sso"),
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # A redirect would send the token to http:// and to the Host that the request named.
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for routes in (home, profile, admin, data, dashboard, health):
        app.include_router(routes.router)
    if settings.metrics_enabled:
        app.include_router(metrics.router)
    add_docs(app, settings)
    _wrap(app, settings, require_host=True)
    return _serve_guards(app, settings, transport=transport, clock=clock, drain=drain)


def protect(
    app: FastAPI,
    settings: Settings | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    drain: Drain | None = None,
) -> FastAPI:
    """Give an app of your own what the guards need, and return it.

    Its lifespan opens and closes the services, errors become problems, CORS and security headers are set, and its
    OpenAPI document tells what each guard asks for. Without `settings` they are read as in `create_app`.
    """
    chosen = _read_settings() if settings is None else settings
    _wrap(app, chosen, require_host=False)  # which hosts an app of your own answers to is its own affair
    return _serve_guards(app, chosen, transport=transport, clock=clock, drain=drain)


def _wrap(app: FastAPI, settings: Settings, *, require_host: bool) -> None:
    app.add_middleware(RequestLayer, origins=settings.cors_allowed_origins, require_host=require_host)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


def _serve_guards(
    app: FastAPI,
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None,
    clock: Clock | None,
    drain: Drain | None,
) -> FastAPI:
    add_problem_handlers(app)
    inner = app.router.lifespan_context

    def lifespan(app: FastAPI) -> AbstractAsyncContextManager[Any]:
        return _lifespan(app, inner(app), open_services(settings, transport=transport, clock=clock, drain=drain))

    app.router.lifespan_context = lifespan
    _describe_at_first_use(app, settings.issuer)
    return app


def _read_settings() -> Settings:
    settings = Settings.load_or_exit()
    Settings.log_unknown_names(misspelt_only=True)  # an app of your own may have AUTH0_ variables of its own
    return settings


@asynccontextmanager
async def _lifespan(
    app: FastAPI, inner: AbstractAsyncContextManager[Any], opening: AbstractAsyncContextManager[Any]
) -> AsyncIterator[Any]:
    async with opening as services:
        app.state.auth0_sso = services
        async with inner as state:
            yield state


def _describe_at_first_use(app: FastAPI, issuer: str) -> None:
    write = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            describe(write(), issuer)
        return write()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
