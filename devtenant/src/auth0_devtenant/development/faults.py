"""Fault injection: make the tenant respond with errors, rate limits or invalid bodies, late or not at all.

`POST /_development/faults` adds a fault, as JSON; Auth0 has no such thing.
"""

import asyncio
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.development.bodies import read_json
from auth0_devtenant.development.own_paths import is_own

_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
_HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$")]

PRESETS: Final[dict[str, dict[str, Any]]] = {
    "fail": {"status": 503},
    "hang": {"hang": True},
    "slow": {"delay": 3.0, "forward": True},
    "garbage": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": "<html>garbage"},
    "rate_limit": {
        "status": 429,
        "headers": {"Content-Type": "application/json", "x-ratelimit-remaining": "0"},
        "body": '{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached",'
        '"errorCode":"too_many_requests"}',
    },
}
"""The members that a preset sets; others of the fault can be given beside it."""


class Fault(BaseModel):
    """What happens to the next `times` requests whose path starts with `path`."""

    model_config = ConfigDict(extra="forbid")

    preset: Literal["fail", "hang", "slow", "garbage", "rate_limit"] | None = None
    path: str = "/"
    times: int = Field(1, ge=1)
    status: int = Field(503, ge=200, le=599)
    headers: dict[_HeaderName, _HeaderValue] = Field(default_factory=dict)
    body: str = ""
    hang: bool = False
    """No response at all."""
    delay: float = Field(0, ge=0, le=300)
    """Seconds before the response."""
    forward: bool = False
    """Answer as without a fault, after `delay`."""

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, value: Any) -> Any:  # noqa: ANN401 - what was sent
        chosen = value.get("preset") if isinstance(value, dict) else None
        return PRESETS[chosen] | value if isinstance(chosen, str) and chosen in PRESETS else value


class Faults:
    """The faults not yet used up."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self.routes = (Route("/faults", self._endpoint, methods=["GET", "POST", "DELETE"]),)
        """Under /_development."""

    def next(self, path: str) -> Fault | None:
        """Return the fault that a request gets, if any."""
        for fault in self.pending:
            if path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    @property
    def pending(self) -> list[Fault]:
        """The faults that requests will get."""
        self._pending = [fault for fault in self._pending if fault.times > 0]
        return self._pending

    def clear(self) -> None:
        """Remove all faults."""
        self._pending = []

    async def _endpoint(self, request: Request) -> Response:
        """List, add or remove faults."""
        if request.method == "POST":
            return await self._add(request)
        if request.method == "DELETE":
            self.clear()
            return Response(status_code=204)
        return JSONResponse([fault.model_dump() for fault in self.pending])

    async def _add(self, request: Request) -> Response:
        try:
            fault = Fault.model_validate(await read_json(request))
        except ValidationError as error:
            return JSONResponse({"error": f"invalid fault: {error}"}, 400)
        self._pending = [*self.pending, fault]
        return Response(status_code=204)


class FaultMiddleware:
    """ASGI middleware that responds with the pending faults, except on the home page and under /_development."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or respond with a fault."""
        own = scope["type"] != "http" or is_own(scope["path"])
        fault = None if own else self._faults.next(scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay)
        if fault.hang:
            while (await receive())["type"] != "http.disconnect":  # until the client gives up
                pass
        elif fault.forward:
            await self._app(scope, receive, send)
        else:
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
