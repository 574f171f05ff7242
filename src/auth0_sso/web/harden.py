"""What an app may add beside the guards, each part by its name; all are off by default."""

from collections.abc import Collection, Sequence

from fastapi import FastAPI

from auth0_sso.errors import ConfigurationError
from auth0_sso.settings.addresses import browser_origin, proxy_network
from auth0_sso.settings.values import header_name
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.logged_caller import CallerInLog
from auth0_sso.web.middleware.problem_handlers import add_internal_error_handler, add_problem_handlers
from auth0_sso.web.middleware.request_layer import request_layer


def harden(
    app: FastAPI,
    *,
    security_headers: bool = False,
    request_id: bool = False,
    access_log: bool = False,
    access_log_caller: CallerInLog = "off",
    access_log_debug_routes: Collection[str] = (),
    max_body_bytes: int | None = None,
    cors_origins: Sequence[str] = (),
    cors_headers: Sequence[str] = (),
    require_host: bool = False,
    problem_details: bool = False,
    trusted_proxies: Sequence[str] = (),
) -> FastAPI:
    """Add parts of the service to an app before it starts, and return it. What is not named is not added.

    `security_headers` sets Cache-Control: no-store, Content-Security-Policy, Referrer-Policy and
    X-Content-Type-Options on responses without them, and Strict-Transport-Security on other than loopback hosts.
    `request_id` answers with X-Request-ID: the caller's where it is fit for logs, else a new one.
    `access_log` writes a line for each request to the logger `auth0_sso.access`; its values are also in the record's
    attribute `fields`, a dict. `access_log_caller` adds the token's subject and client id: `full`, or with the
    subject `hashed`. `access_log_debug_routes` are paths of routes whose lines are at DEBUG, such as /healthz.
    `max_body_bytes` answers 413 to a longer body, when it is read.
    `cors_origins` are browser origins that may call, such as https://app.example.com; never `*`.
    `cors_headers` are request headers their scripts may send beside Authorization, Content-Type, X-Request-ID,
    traceparent, tracestate, baggage and sentry-trace.
    `require_host` answers 400 to a request without exactly one Host header (RFC 9112 section 3.2).
    `problem_details` answers `RequestValidationError`, `HTTPException` and all other exceptions as problems
    (RFC 9457).
    `trusted_proxies` are addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are used; needs uvicorn.

    Raises `ValueError` for an origin, header or network that cannot be used.
    """
    options = http_options(app)
    options.security_headers |= security_headers
    options.request_id |= request_id
    options.access_log |= access_log
    options.access_log_debug_routes |= frozenset(access_log_debug_routes)
    if access_log_caller != "off":
        options.access_log_caller = access_log_caller
    options.require_host |= require_host
    options.max_body_bytes = options.max_body_bytes if max_body_bytes is None else max_body_bytes
    options.cors_origins = (*options.cors_origins, *map(browser_origin, cors_origins))
    options.cors_headers = (*options.cors_headers, *map(header_name, cors_headers))
    if problem_details:
        add_problem_handlers(app)
        add_internal_error_handler(app)
    trust_proxies(app, [proxy_network(proxy) for proxy in trusted_proxies])
    return app


def http_options(app: FastAPI) -> HttpOptions:
    """Return the options of an app's one request layer, which is added here if it has none.

    Raises `RuntimeError` for an app that has started, in which they would have no effect.
    """
    if app.middleware_stack is not None:
        raise RuntimeError("this app has started already: call auth0_sso.protect and harden before that")
    for middleware in app.user_middleware:
        if isinstance(options := middleware.kwargs.get("options"), HttpOptions):
            return options
    options = HttpOptions()
    app.add_middleware(request_layer, options=options)
    return options


def trust_proxies(app: FastAPI, proxies: Sequence[str]) -> None:
    """Read the addresses that these proxies forward."""
    if not proxies:
        return
    try:
        from auth0_sso.web.middleware.trusted_proxies import TrustedProxies  # noqa: PLC0415 - uvicorn is optional
    except ImportError as error:
        raise ConfigurationError((f"trusted proxies need {error.name}: install auth0-sso[service].",)) from None
    http_options(app).trusts_proxies = True
    app.add_middleware(TrustedProxies, trusted_hosts=list(proxies))
