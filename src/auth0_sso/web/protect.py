"""What gives an app the guards, and changes nothing else of it.

docs/decisions/0023-protect-adds-guards-and-nothing-else.md says what is installed and what is not.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI

from auth0_sso.audit.trail import AuditSink
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.client import AsyncTransport
from auth0_sso.ratelimit.limiter import Counter
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.tokens.verifier import KeySource
from auth0_sso.web.harden import http_options
from auth0_sso.web.middleware.problem_handlers import add_error_handler
from auth0_sso.web.openapi.app import DescribedOpenapi, describe_apps
from auth0_sso.web.services.bound_tokens import refuse_certificate_header
from auth0_sso.web.services.components import Metrics
from auth0_sso.web.services.protection import Opening, Protection
from auth0_sso.web.services.services import open_services


def protect(
    app: FastAPI,
    settings: Settings | None = None,
    *,
    roles: RoleSource | None = None,
    keys: KeySource | None = None,
    counter: Counter | None = None,
    audit: AuditSink | None = None,
    clock: Clock = SYSTEM_CLOCK,
    transport: AsyncTransport | None = None,
    observer: Observer = IGNORE,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Give an app what the guards need, and return it. Call it once, before the app starts.

    The lifespan opens and closes the services around the app's own; `Auth0SsoError`s are answered as problems
    (RFC 9457), unless the app has a handler for them; and the OpenAPI document says what each guard asks for.
    All else stays the app's own: its other exceptions, bodies, headers, pages and settings.

    Without `settings` they are read from the environment when the lifespan starts, which raises a
    `ConfigurationError` that lists everything wrong with them.

    Each part can be replaced: `roles` says which roles a user has, instead of the Management API; with `keys` of its
    own, such as `StaticKeys`, the app fetches no signing keys; `counter` counts rate limits, instead of memory or
    Redis; `audit` takes the audit records (docs/audit.md), such as `AuditLog()`; `transport` and `clock` are the
    network to the tenant, and time.

    `observer` is called with each event of `auth0_sso.events`; `metrics` counts them, as `PrometheusMetrics` does.
    """
    opening = partial(
        open_services,
        roles=roles,
        keys=keys,
        counter=counter,
        audit=audit,
        clock=clock,
        transport=transport,
        observer=observer,
        metrics=metrics,
    )
    add_error_handler(app)
    return install_guards(app, settings, opening)


def install_guards(app: FastAPI, settings: Settings | None, opening: Opening) -> FastAPI:
    """Open and close the services with the app, begin a context for each request, and describe its guards."""
    if hasattr(app.state, "auth0_sso_protection"):
        raise RuntimeError("this app is protected already: call auth0_sso.protect(app) once")
    described = app.openapi = DescribedOpenapi(app, settings)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    options = http_options(app)  # those of the layer, none so far
    inner = app.router.lifespan_context

    app.state.auth0_sso_protection = protection = Protection(settings, opening)

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        chosen = protection.chosen_settings()
        if not options.trusts_proxies:
            refuse_certificate_header(chosen)
        described.use(chosen)
        describe_apps(app, chosen)
        async with protection.opening(chosen) as services:
            app.state.auth0_sso = options.services = services
            try:
                async with inner(running) as state:
                    yield state
            finally:
                options.services = None
                del app.state.auth0_sso

    app.router.lifespan_context = lifespan
    return app
