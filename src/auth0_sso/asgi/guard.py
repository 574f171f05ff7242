"""`Auth0Guard`: an ASGI app in front of another one, which lets through what its rules allow."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.asgi.admission import Headers, admit
from auth0_sso.asgi.lifespan import run_lifespan
from auth0_sso.asgi.refusals import Refusal, refuse
from auth0_sso.asgi.resource import GuardedResource
from auth0_sso.asgi.rule import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.asgi.websockets import serve_websocket
from auth0_sso.audit.trail import AuditSink
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import Auth0SsoError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.client import AsyncTransport
from auth0_sso.ratelimit.limiter import Counter
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.tokens.verifier import KeySource
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.middleware.observed_response import ObservedResponse
from auth0_sso.web.resource_metadata import ResourceMetadata
from auth0_sso.web.services.bound_tokens import refuse_certificate_header
from auth0_sso.web.services.components import Metrics
from auth0_sso.web.services.protection import Protection, apps_below
from auth0_sso.web.services.services import Services, open_services

_NOT_RUNNING: Final = (
    "auth0_sso has not started: the lifespan of this Auth0Guard has not run. Starlette runs none of a mounted app: "
    "put the guard in front of the outermost app, or write `async with guard.running():` into its lifespan. In a "
    "test write `with TestClient(app) as client:`."
)
_FASTAPI: Final = ("fastapi.applications", "FastAPI")  # not imported: it takes 200 ms


class Auth0Guard:
    """Verifies the access token of every request and WebSocket before the app sees it, as its rules say.

    What no rule is for needs a token. Each request that does not pass is answered with a problem (RFC 9457) and a
    challenge (RFC 6750); all else is the app's own. The app finds the token with `token_of(scope)`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *rules: Rule,
        settings: Settings | None = None,
        roles: RoleSource | None = None,
        keys: KeySource | None = None,
        counter: Counter | None = None,
        audit: AuditSink | None = None,
        clock: Clock = SYSTEM_CLOCK,
        transport: AsyncTransport | None = None,
        observer: Observer = IGNORE,
        metrics: Metrics | None = None,
        resource_metadata: ResourceMetadata | None = None,
    ) -> None:
        """Take the app and its rules; the other parts are those of `protect`.

        With `resource_metadata` and the setting PUBLIC_URL the guard answers the paths of that URL's metadata (RFC
        9728) itself, and names it and the scopes of the rule in the challenges of 401 and 403, also of WebSockets.
        Without `settings` they are read from the environment when the lifespan starts. Raises `ValueError` for rules
        that contradict each other.
        """
        self.app = app
        self.rules = RuleTable(rules, _root_path_of(app))
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
        self.protection = Protection(settings, opening)
        self._about = resource_metadata
        self._resource: GuardedResource | None = None
        self._services: Services | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or the lifespan (ASGI 3)."""
        if scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        elif scope["type"] == "websocket":
            services = self._running_services()
            await serve_websocket(self.app, self.rules, services, scope, receive, send, resource=self._resource)
        elif scope["type"] == "lifespan":
            await run_lifespan(self.app, self.running(), scope, receive, send)
        else:
            raise RuntimeError("an Auth0Guard serves HTTP and WebSockets only")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run what the guard works with, until the block ends: where no server runs its lifespan.

        Raises `ConfigurationError` that lists everything wrong with the settings.
        """
        settings = self.protection.chosen_settings()
        refuse_certificate_header(settings)  # no proxy's headers are read here
        async with self.protection.opening(settings) as services:
            self._services = services
            self._resource = GuardedResource.of(self._about, self.rules, services.settings)
            try:
                yield
            finally:
                self._services = self._resource = None

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        services = self._running_services()
        if self._resource is not None and (metadata := self._resource.response_to(scope)) is not None:
            await metadata(scope, receive, send)
            return
        if services.observe is IGNORE:
            await self._admit_or_refuse(services, scope, receive, send)
            return
        response, served = ObservedResponse(send), _Served()
        try:
            await self._admit_or_refuse(services, scope, receive, response.send, served)
        except Exception:
            response.failed()
            raise
        finally:
            services.observe(response.served(scope, served.route, allowed=served.allowed))

    async def _admit_or_refuse(
        self, services: Services, scope: Scope, receive: Receive, send: Send, served: "_Served | None" = None
    ) -> None:
        credentials = find_credentials(scope)
        headers: Headers = []
        rule = None
        try:
            rule = self.rules.find(scope)
            token = await admit(scope, rule, services, credentials, headers)
        except Auth0SsoError as error:
            if served is not None:
                served.route = None if rule is None else rule.path
            await refuse(scope, receive, send, Refusal(error, rule, headers, self._resource), services)
            return
        if served is not None:
            served.route, served.allowed = rule.path, token is not None
        await self.app(scope, receive, _adding(headers, send) if headers else send)

    def _running_services(self) -> Services:
        if self._services is None:
            raise RuntimeError(_NOT_RUNNING)
        return self._services


@dataclass(slots=True)
class _Served:
    """What observers are told of a request: the path of its rule, and whether its token passed."""

    route: str | None = None
    allowed: bool = False


def _adding(headers: Headers, send: Send) -> Send:
    def send_with_headers(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *headers]}
        return send(message)

    return send_with_headers


def _root_path_of(app: ASGIApp) -> str:
    """Return the root path that `FastAPI(root_path=...)` puts into the scope, whatever the server has said.

    Its router removes it from the path. That of another framework may be a directory, as Flask's is.
    """
    for each in apps_below(app):
        if any((kind.__module__, kind.__name__) == _FASTAPI for kind in type(each).__mro__):
            return str(getattr(each, "root_path", ""))
    return ""
