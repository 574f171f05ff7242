"""Fault injection: make the tenant respond with errors, rate limits or invalid bodies, or not at all.

`POST /_development/faults` adds a fault, as JSON. `GET /_development/requests` returns the number of requests by
method and path, including those that got a fault. Auth0 has neither.
"""

from collections import Counter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.bodies import media_type
from auth0_devtenant.development.origins import DEVELOPMENT_PATH
from auth0_devtenant.errors import ApiError

_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
_HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$")]


class Fault(BaseModel):
    """The response to the next `times` requests whose path starts with `path`; with `hang` they get none."""

    model_config = ConfigDict(extra="forbid")

    path: str
    times: int = Field(1, ge=1)
    status: int = Field(503, ge=200, le=599)
    headers: dict[_HeaderName, _HeaderValue] = Field(default_factory=dict)
    body: str = ""
    hang: bool = False


class Faults:
    """The faults not yet used up, and the number of requests by method and path."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._requests: Counter[str] = Counter()
        self.routes = (
            Route("/faults", self._add, methods=["POST"]),
            Route("/requests", self._count, methods=["GET"]),
        )
        """Under /_development."""

    def next(self, method: str, path: str) -> Fault | None:
        """Count a request, and return the fault that it gets, if any."""
        self._requests[f"{method} {path}"] += 1
        for fault in self._pending:
            if fault.times > 0 and path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    async def _add(self, request: Request) -> Response:
        # A page of another site can send other types without a preflight (Fetch standard).
        if media_type(request) != "application/json":
            raise ApiError(415, "A fault must be sent as application/json.")
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": f"invalid fault: {error}"}, 400)
        self._pending = [*(pending for pending in self._pending if pending.times > 0), fault]
        return Response(status_code=204)

    async def _count(self, _: Request) -> Response:
        return JSONResponse(self._requests)


class FaultMiddleware:
    """ASGI middleware that responds with the pending faults, except under /_development."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or respond with a fault."""
        if scope["type"] != "http" or scope["path"].startswith(f"{DEVELOPMENT_PATH}/"):
            await self._app(scope, receive, send)
            return
        fault = self._faults.next(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.hang:
            while (await receive())["type"] != "http.disconnect":  # until the client gives up
                pass
        else:
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
