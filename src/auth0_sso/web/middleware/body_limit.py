"""A bound on the length of a request's body."""

from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from auth0_sso.web.problems.problems import BODY_TOO_LONG

MAX_BODY_BYTES: Final = 64 * 1024
"""Longest request body that the service takes, in bytes."""


class LimitedBody:
    """The receiving side of one request: refuses a body longer than the limit, at the moment the app reads it.

    Not before: the guards decide first whether the caller may send anything at all.
    """

    __slots__ = ("_left", "_receive", "_too_long")

    def __init__(self, receive: Receive, length: bytes, *, max_bytes: int) -> None:
        """Take the Content-Length, empty without one."""
        self._receive = receive
        self._left = max_bytes
        # Ten digits are too many at any limit, and thousands of them more than int() takes.
        self._too_long = length.isdigit() and (len(length) > 9 or int(length) > max_bytes)

    async def receive(self, has_begun: Callable[[], bool]) -> Message:
        """Return the next part of the body (ASGI 3); raise `HTTPException` 413 where it is too long.

        `has_begun` tells whether the response has begun.
        """
        if not self._too_long:
            message = await self._receive()
            self._left -= len(message.get("body", b""))  # with chunked coding no header tells the length
            if self._left >= 0:
                return message
            self._too_long = True
        if has_begun():
            return {"type": "http.disconnect"}  # the response has begun, and no body is read any more
        raise HTTPException(413, BODY_TOO_LONG)
