"""A request's body, of a length that every message to these routes has."""

from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException

from auth0_sso.web.problems.problems import BODY_TOO_LONG

MAX_BYTES: Final = 64 * 1024


async def bounded_body(request: Request, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the body, whose length is in bytes; raise `HTTPException` 413 for a longer one."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise HTTPException(413, BODY_TOO_LONG)
    return bytes(body)
