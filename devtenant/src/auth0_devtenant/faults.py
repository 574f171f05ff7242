"""Faults on demand: how a service behaves when Auth0 limits, fails, hangs or talks nonsense.

`POST /_development/faults` takes one, as JSON; `GET /_development/requests` counts the requests, those that
were answered with a fault included. Auth0 has neither.
"""

from collections import Counter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_devtenant.answers import ApiError
from auth0_devtenant.bodies import media_type
from auth0_devtenant.origins import DEVELOPMENT

_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
_HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$")]


class Fault(BaseModel):
    """The next `times` requests whose path starts with `path` get this answer, or, with `hang`, none."""

    model_config = ConfigDict(extra="forbid")

    path: str
    times: int = Field(1, ge=1)
    status: int = Field(503, ge=200, le=599)
    headers: dict[_HeaderName, _HeaderValue] = Field(default_factory=dict)
    body: str = ""
    hang: bool = False


class Faults:
    """The faults that were asked for and are still to come, and how often each path was asked."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._seen: Counter[str] = Counter()
        self.routes = (
            Route("/faults", self._take, methods=["POST"]),
            Route("/requests", self._tell, methods=["GET"]),
        )
        """Under /_development."""

    def next(self, method: str, path: str) -> Fault | None:
        """Count a request, and return the fault that answers it, if one does."""
        self._seen[f"{method} {path}"] += 1
        for fault in self._waiting:
            if fault.times > 0 and path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    async def _take(self, request: Request) -> Response:
        # JSON alone: other types a page of another site may send without a preflight (Fetch standard).
        if media_type(request) != "application/json":
            raise ApiError(415, "A fault is sent with Content-Type: application/json.")
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": f"not a fault: {error}"}, 400)
        self._waiting = [*(each for each in self._waiting if each.times > 0), fault]
        return Response(status_code=204)

    async def _tell(self, _: Request) -> Response:
        return JSONResponse(self._seen)


class FaultLayer:
    """ASGI middleware that answers with faults in their turn; what is under /_development has none."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, faultily if that is its turn."""
        if scope["type"] != "http" or scope["path"].startswith(f"{DEVELOPMENT}/"):
            await self._app(scope, receive, send)
            return
        fault = self._faults.next(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.hang:
            while (await receive())["type"] != "http.disconnect":  # until the caller has had enough
                pass
        else:
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
