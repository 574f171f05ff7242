"""The record of an access line, complete in itself: a handler may format it later, in another thread."""

import logging
from time import time
from typing import Any

from auth0_sso.web.middleware.request_id import request_id_variable
from auth0_sso.web.middleware.trace_context import trace_id_variable


class AccessRecord(logging.LogRecord):
    """A record with the ids of its request, and with `fields`: the values of the line by their names."""

    __slots__ = ("request_id", "trace_id")

    def __init__(self, constants: dict[str, Any], values: tuple[object, ...], fields: dict[str, Any]) -> None:
        """Take what all records of its level have in common, which `LogRecord.__init__` would find out again."""
        self.request_id = request_id_variable.get()
        self.trace_id = trace_id_variable.get()
        now = time()
        attributes = self.__dict__
        attributes.update(constants)
        attributes["args"] = values
        attributes["fields"] = fields
        attributes["created"] = now
        attributes["msecs"] = int((now - int(now)) * 1000) + 0.0
        attributes["relativeCreated"] += (now - constants["created"]) * 1000
