"""The token verifier of the official Python SDK for MCP servers, by this package's own.

docs/mcp.md shows its use and says when to put an `Auth0Guard` in front of the server instead.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_hex
from typing import Any

from mcp.server.auth.provider import AccessToken
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.http.client import AsyncTransport
from auth0_sso.settings import Settings
from auth0_sso.tokens import claims
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.verifier import KeySource
from auth0_sso.web.problems.error_response import error_response
from auth0_sso.web.services.protection import Protection
from auth0_sso.web.services.services import Services, open_services

_log = logging.getLogger("auth0_sso.access")


class Auth0TokenVerifier:
    """Verifies access tokens for `MCPServer(token_verifier=...)`: the SDK's protocol `TokenVerifier`."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        keys: KeySource | None = None,
        clock: Clock = SYSTEM_CLOCK,
        transport: AsyncTransport | None = None,
    ) -> None:
        """Take the settings, by default those of the environment, and the parts that `protect` takes."""
        self.protection = Protection(settings, partial(open_services, keys=keys, clock=clock, transport=transport))
        self._services: Services | None = None

    def install(self, app: Starlette) -> Starlette:
        """Run this verifier with the app of `MCPServer.streamable_http_app()`, and return the app.

        An outage is then answered 503 with `Retry-After`, since the SDK would answer 500.
        """
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - Starlette's own types for both
            async with self.running(), inner(running) as state:
                yield state

        app.router.lifespan_context = lifespan
        app.add_middleware(_AnswerErrors)
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run what the verifier works with, until the block ends.

        Raises `ConfigurationError` that lists everything wrong with the settings.
        """
        async with self.protection.opening(self.protection.chosen_settings()) as services:
            self._services = services
            try:
                yield
            finally:
                self._services = None

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return a verified token as the SDK knows one; None for a token that is refused, which it answers 401.

        Scopes are those of `scope` and `permissions`. Raises `KeysUnavailableError` where no key can be had to verify
        with: a 401 would send every client to log in again.
        """
        if self._services is None:
            raise RuntimeError("this Auth0TokenVerifier has not started: call install(app), or use running()")
        try:
            text = read_bearer_token([b"Bearer " + token.encode("ascii", "replace")])
            verified = await self._services.verifier.verify(text)
        except CallerError as error:
            _log.info("an access token was refused: %s", error.reason)
            return None
        return _as_the_sdk_knows_it(verified, text, self._services.of(verified).settings)


def _as_the_sdk_knows_it(token: claims.AccessToken, text: str, settings: Settings) -> AccessToken:
    return AccessToken(
        token=text,
        client_id=token.client_id or "",
        scopes=sorted(token.scopes | token.permissions),
        expires_at=int(token.expires_at),
        resource=_resource_of(token, settings),
        subject=token.subject,
        claims=json.loads(json.dumps(token.claims)),  # lists instead of tuples, and its own
    )


def _resource_of(token: claims.AccessToken, settings: Settings) -> str | None:
    """Return the audience that is this API: of several, that at PUBLIC_URL, which the SDK may compare it with."""
    own = [audience for audience in token.audiences if audience in settings.auth0_audience]
    at_url = [audience for audience in own if settings.public_url and audience.rstrip("/") == settings.public_url]
    return next(iter(at_url + own), None)


class _AnswerErrors:
    """Answers this package's errors as problems (RFC 9457)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        try:
            await self.app(scope, receive, send)
        except Auth0SsoError as error:
            _log.warning("a request to the MCP server failed: %s", error.reason)
            await error_response(error, token_hex(16))(scope, receive, send)
