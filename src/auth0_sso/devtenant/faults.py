"""Faults on demand: how a service behaves when Auth0 limits, fails, hangs or talks nonsense.

`POST /_development/faults` takes one; `GET /_development/requests` counts what came, faulty answers included. Auth0
has neither.
"""

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Fault(BaseModel):
    """The next `times` requests whose path starts with `path` get this answer, or, with `hang`, none."""

    model_config = ConfigDict(extra="forbid")

    path: str
    times: int = 1
    status: int = 503
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    hang: bool = False


class Faults:
    """ASGI middleware that counts requests and answers with the faults that were asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._waiting: list[Fault] = []
        self._seen: Counter[str] = Counter()
        self._routes = {"/_development/faults": self._take, "/_development/requests": self._tell}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, faultily if that is its turn."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path in self._routes:
            response = await self._routes[path](Request(scope, receive))
            await response(scope, receive, send)
            return
        self._seen[f"{scope['method']} {path}"] += 1
        fault = self._next(path)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.hang:
            while (await receive())["type"] != "http.disconnect":  # until the caller has had enough
                pass
        else:
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)

    def _next(self, path: str) -> Fault | None:
        for fault in self._waiting:
            if fault.times > 0 and path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    async def _take(self, request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": f"not a fault: {error}"}, 400)
        self._waiting = [*(each for each in self._waiting if each.times > 0), fault]
        return Response(status_code=204)

    async def _tell(self, _: Request) -> Response:
        return JSONResponse(self._seen)
