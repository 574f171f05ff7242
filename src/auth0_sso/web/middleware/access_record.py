"""What the access log says of one request: its values, and the record that is made of them for handlers."""

import logging
from abc import abstractmethod
from typing import Any, NamedTuple

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.middleware.logged_caller import CallerInLog


class AccessLine(NamedTuple):
    """The values of one line, complete in themselves: the record may be made later, in another thread."""

    level: int
    created: float
    """When the request ended, in seconds since 1970."""
    method: str
    route: str
    """The path as it is declared; without a route the quoted path of the request."""
    status: int
    """0 where no answer began."""
    seconds: float
    client_address: str | None
    token: AccessToken | None
    caller: CallerInLog
    refusal: str | None
    request_id: str
    trace_id: str | None


class AccessLineHandler(logging.Handler):
    """A handler that makes the records of access lines itself, when it formats them."""

    @abstractmethod
    def take(self, line: AccessLine) -> None:
        """Handle a line as `handle` does its record."""


class AccessRecord(logging.LogRecord):
    """A record with the ids of its request, and with `fields`: the values of the line by their names."""

    __slots__ = ("request_id", "trace_id")

    def __init__(
        self, line: AccessLine, constants: dict[str, Any], values: tuple[object, ...], fields: dict[str, Any]
    ) -> None:
        """Take what all records of its level have in common, which `LogRecord.__init__` would find out again."""
        self.request_id = line.request_id
        self.trace_id = line.trace_id
        created = line.created
        attributes = self.__dict__
        attributes.update(constants)
        attributes["args"] = values
        attributes["fields"] = fields
        attributes["created"] = created
        attributes["msecs"] = int((created - int(created)) * 1000) + 0.0
        attributes["relativeCreated"] += (created - constants["created"]) * 1000
