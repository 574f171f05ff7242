"""What the service notes about one request on its way through, kept in its ASGI scope."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

from auth0_sso.tokens.claims import AccessToken

_KEY = "auth0_sso"

request_id_variable: ContextVar[str] = ContextVar("auth0_sso_request_id", default="-")
"""The id of the request being served, for the log records of every floor."""


@dataclass(slots=True)
class RequestContext:
    """Notes on one request: several guards of a route then cost one verification and one look-up."""

    request_id: str
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
        """Open the notes of a request, under its caller's id or a new one."""
        context = scope[_KEY] = cls(uuid4().hex if request_id is None else request_id)
        return context

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> "RequestContext":
        """Return the notes of a request; where our middleware is missing they begin here."""
        return cast("RequestContext", scope[_KEY]) if _KEY in scope else cls.begin(scope)
