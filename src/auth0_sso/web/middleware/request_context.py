"""What is known about one request or WebSocket, kept in its ASGI scope."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, cast

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.middleware.guarded_socket import GuardedSocket
from auth0_sso.web.services.services import Services

_KEY = "auth0_sso"

request_id_variable: ContextVar[str] = ContextVar("auth0_sso_request_id", default="-")
"""The id of the request being served, for its log records."""


@dataclass(slots=True)
class RequestContext:
    """The state of one request: several guards of a route then cost one verification and one look-up."""

    chosen_id: str | None
    """The id of the request, once there is one."""
    app: Any = None
    """The app whose layer began this; the route may be in another, mounted below it."""
    protected: bool = False
    """Whether `protect` was called on it."""
    socket: GuardedSocket | None = None
    """The WebSocket, where this is one."""
    credentials: tuple[bytes, ...] | None = None
    """The values of all Authorization headers, once they are read."""
    token: AccessToken | None = None
    refusal: str | None = None
    """Why the request was refused, for the access log."""
    roles: dict[tuple[bool, bool], frozenset[str]] = field(default_factory=dict)
    """The user's roles, by whether they are those of the organization's member and whether old ones were accepted."""
    counted: list[object] = field(default_factory=list)
    """What the request was counted under already."""
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Headers every answer to this request gets, refusals included."""

    @classmethod
    def begin(cls, scope: MutableMapping[str, Any], request_id: str | None = None) -> "RequestContext":
        """Begin the context of a request to a protected app, with its caller's id or a new one.

        Always a new one, since a request that an app sends on to itself may carry another token.
        """
        context = scope[_KEY] = cls(request_id, scope.get("app"), True)
        return context

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> "RequestContext":
        """Return the context of a request; without our middleware it begins here."""
        if _KEY not in scope:
            scope[_KEY] = cls(None, scope.get("app"))
        return cast("RequestContext", scope[_KEY])

    @property
    def services(self) -> Services | None:
        """What the app works with; None where its lifespan has not run."""
        return None if self.app is None else getattr(self.app.state, "auth0_sso", None)

    @property
    def request_id(self) -> str:
        """The caller's id of the request, or a new one, made when it is first asked for: that costs microseconds."""
        if self.chosen_id is None:
            self.chosen_id = token_hex(16)
        return self.chosen_id
