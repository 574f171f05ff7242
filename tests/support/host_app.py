"""An app of somebody else: with everything of its own that a library could break, and no guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse

from auth0_sso import Settings
from auth0_sso.testing.issuer import AUDIENCE, ISSUER

ORIGIN = "https://shop.example.com"


def library_settings(**changes: object) -> Settings:
    """Return settings of the library alone, without credentials for the Management API."""
    values: dict[str, object] = {"auth0_domain": "tenant.example.com", "auth0_audience": (AUDIENCE,)}
    return Settings.of(**(values | {"auth0_issuer_base_url": ISSUER} | changes))


class CrashError(Exception):
    """What a route of the app raises."""


def host_app() -> FastAPI:
    app = FastAPI(title="shop", lifespan=_lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["X-Total"])
    _add_handlers(app)
    _add_routes(app)
    app.mount("/sub", _mounted())
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[dict[str, str]]:
    yield {"motto": "open all hours"}


def _add_handlers(app: FastAPI) -> None:
    @app.exception_handler(Exception)
    async def answer_exception(_: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"sorry: {type(error).__name__}", 500)

    @app.exception_handler(HTTPException)
    async def answer_http_exception(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"oops": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"invalid": [fault["loc"][-1] for fault in error.errors()]}, 400)


def _add_routes(app: FastAPI) -> None:
    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<script>shop()</script>", headers={"X-Total": "1", "Cache-Control": "max-age=60"})

    @app.get("/motto")
    async def motto(request: Request) -> str:
        return str(request.state.motto)

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())

    @app.post("/order")
    async def order(number: int) -> int:
        return number

    @app.get("/gone")
    async def gone() -> None:
        raise HTTPException(410, "sold out", {"X-Total": "0"})

    @app.get("/crash")
    async def crash() -> None:
        raise CrashError

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            yield b"two"

        return StreamingResponse(parts(), media_type="text/event-stream")

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept("chat", [(b"x-total", b"2")])
        await socket.send_text(await socket.receive_text())
        await socket.close(4000, "bye")


def _mounted() -> FastAPI:
    sub = FastAPI(title="stock")

    @sub.get("/stock")
    async def stock() -> int:
        return 3

    @sub.get("/gone")
    async def gone() -> None:
        raise HTTPException(410, "of the mounted app")

    @sub.get("/crash")
    async def crash() -> None:
        raise CrashError

    return sub
