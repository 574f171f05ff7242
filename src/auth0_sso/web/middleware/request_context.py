"""What is known about one request or WebSocket, kept in its ASGI scope."""

from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.middleware.request_id import new_request_id
from auth0_sso.web.services.services import Services
from auth0_sso.web.websockets.guarded_socket import GuardedSocket

_KEY = "auth0_sso"


class RequestContext:
    """The state of one request: several guards of a route then cost one verification and one look-up.

    Defaults are attributes of the class: one instance is made for each request, which sets only some of them.
    """

    socket: GuardedSocket | None = None
    """The WebSocket, where this is one."""
    credentials: tuple[bytes, ...] | None = None
    """The values of all Authorization headers, once they are read."""
    token: AccessToken | None = None
    refusal: str | None = None
    """Why the request was refused, for the access log: a reason, and in brackets what only the log says."""
    max_body_bytes: int | None = None
    """The limit of its body where the route has one of its own, set before the body is read."""
    counted: tuple[object, ...] = ()
    """What the request was counted under already."""
    given: Mapping[str, object] = MappingProxyType({})
    """What the guards of a `GuardedRoute` give to its function, by the names of its parameters."""

    def __init__(
        self,
        app: FastAPI | None,
        services: Services | None,
        request_id: str | None = None,
        *,
        protected: bool = False,
    ) -> None:
        """Take the app whose layer begins this, what it works with, the id of the request, and if it is protected."""
        self.app = app
        """The route may be in another app, mounted below it."""
        self.services = services
        """What the app works with; None where its lifespan has not run."""
        self.chosen_id = request_id
        """The id of the request, once there is one."""
        self.protected = protected
        """Whether `protect` was called on the app."""
        self.roles: dict[tuple[bool, bool], frozenset[str]] = {}
        """The user's, by whether they are those of the organization's member and whether old ones were accepted."""
        self.answer_headers: list[tuple[bytes, bytes]] = []
        """Headers every answer to this request gets, refusals included."""

    @classmethod
    def begin(
        cls, scope: MutableMapping[str, Any], services: Services | None, request_id: str | None = None
    ) -> "RequestContext":
        """Begin the context of a request to a protected app, with its caller's id or a new one.

        Always a new one, since a request that an app sends on to itself may carry another token.
        """
        context = scope[_KEY] = cls(scope.get("app"), services, request_id, protected=True)
        return context

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> "RequestContext":
        """Return the context of a request; without our middleware it begins here."""
        context: RequestContext | None = scope.get(_KEY)
        if context is None:
            app = scope.get("app")
            context = scope[_KEY] = cls(app, None if app is None else getattr(app.state, "auth0_sso", None))
        return context

    @property
    def is_allowed(self) -> bool:
        """Whether its access token was verified, and it was not refused."""
        return self.token is not None and self.refusal is None

    @property
    def request_id(self) -> str:
        """The caller's id of the request, or a new one, made when it is first asked for."""
        if self.chosen_id is None:
            self.chosen_id = new_request_id()
        return self.chosen_id
