"""The requests that the tenant got: counted, the last ones kept, and each logged as a line."""

import logging
import time
from collections import Counter, deque
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_devtenant.development.own_paths import is_own

_logger = logging.getLogger("auth0_devtenant.requests")
_KEPT: Final = 100


class Requests:
    """The number of requests by method and path, and the last of them without query, headers and body."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.last: deque[dict[str, object]] = deque(maxlen=_KEPT)
        self.routes = (
            Route("/requests", self._count, methods=["GET", "DELETE"]),
            Route("/requests/last", self._list, methods=["GET"]),
        )
        """Under /_development."""

    def clear(self) -> None:
        """Forget all requests."""
        self.counts.clear()
        self.last.clear()

    async def _count(self, request: Request) -> Response:
        """Count the requests by method and path, or forget them."""
        if request.method == "DELETE":
            self.clear()
            return Response(status_code=204)
        return JSONResponse(self.counts)

    async def _list(self, _: Request) -> Response:
        """List the last requests."""
        return JSONResponse(list(self.last))


class RequestsMiddleware:
    """ASGI middleware that notes each request, except those of the developer's own tools."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and note it with the status of its response; 0 for none."""
        if scope["type"] != "http" or is_own(scope["path"]):
            await self._app(scope, receive, send)
            return
        self._requests.counts[f"{scope['method']} {scope['path']}"] += 1
        entry: dict[str, object] = {"at": time.time(), "method": scope["method"], "path": scope["path"], "status": 0}
        self._requests.last.append(entry)
        started = time.monotonic()

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            milliseconds = round((time.monotonic() - started) * 1000)
            # repr: a path may hold line breaks and control characters, decoded.
            _logger.info("%s %r %s %d ms", entry["method"], entry["path"], entry["status"], milliseconds)
