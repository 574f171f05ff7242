"""What gives an app of one's own the guards: services in its lifespan, problems for errors, OpenAPI notes."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.settings import Settings
from auth0_sso.web.middleware import RequestLayer
from auth0_sso.web.openapi import describe
from auth0_sso.web.problems import add_problem_handlers
from auth0_sso.web.services import open_services


def protect(
    app: FastAPI,
    settings: Settings | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> FastAPI:
    """Give an app of your own what the guards need, and return it.

    Its lifespan opens and closes the services, errors become problems, CORS and security headers are set, and its
    OpenAPI document tells what each guard asks for. Without `settings` they are read as in `create_app`.
    """
    chosen = _read_settings() if settings is None else settings
    wrap(app, chosen, require_host=False)  # which hosts an app of your own answers to is its own affair
    return serve_guards(app, chosen, transport=transport, clock=clock)


def wrap(app: FastAPI, settings: Settings, *, require_host: bool) -> None:
    """Add the request layer, and read forwarded addresses of trusted proxies."""
    app.add_middleware(RequestLayer, origins=settings.cors_allowed_origins, require_host=require_host)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


def serve_guards(
    app: FastAPI,
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None,
    clock: Clock,
) -> FastAPI:
    """Open and close the services with the app, answer errors as problems, and describe the guards."""
    add_problem_handlers(app)
    inner = app.router.lifespan_context

    def lifespan(app: FastAPI) -> AbstractAsyncContextManager[Any]:
        return _lifespan(app, inner(app), open_services(settings, transport=transport, clock=clock))

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
