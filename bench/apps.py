"""The apps of this package that are measured: one route, and each app adds one part to the one before.

Without arguments they are what `uvicorn --factory` serves: the settings come from the environment.
"""

from typing import TypedDict, Unpack

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from auth0_sso import CurrentToken, GuardedRoute, Settings, harden, protect, rate_limit, require_role
from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.app import create_app
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.web.guards.guard import Guard
from local_issuer import ROLE

PATH, SERVICE_PATH = "/data", "/api/data"
LIMIT, SECOND_LIMIT = "100000/minute", "1000000/hour"
ORIGIN = "https://app.example.com"


class Parts(TypedDict, total=False):
    """What `protect` takes."""

    settings: Settings
    transport: AsyncTransport


async def read_bare() -> dict[str, str]:
    return {"data": "x"}


async def read(_: CurrentToken) -> dict[str, str]:
    return {"data": "x"}


def _guarded(*guards: Guard, route_class: type[APIRoute] = GuardedRoute) -> FastAPI:
    app = FastAPI()
    app.router.route_class = route_class
    app.get(PATH, dependencies=[Depends(guard) for guard in guards])(read)
    return app


def bare() -> FastAPI:
    app = FastAPI()
    app.get(PATH)(read_bare)
    return app


def protected(**parts: Unpack[Parts]) -> FastAPI:
    return protect(bare(), **parts)


def verified_in_plain_route(**parts: Unpack[Parts]) -> FastAPI:
    return protect(_guarded(route_class=APIRoute), **parts)


def verified(**parts: Unpack[Parts]) -> FastAPI:
    return protect(_guarded(), **parts)


def with_role(**parts: Unpack[Parts]) -> FastAPI:
    return protect(_guarded(require_role(ROLE)), **parts)


def with_limit(**parts: Unpack[Parts]) -> FastAPI:
    return protect(_guarded(require_role(ROLE), rate_limit(LIMIT)), **parts)


def with_two_limits(**parts: Unpack[Parts]) -> FastAPI:
    return protect(_guarded(require_role(ROLE), rate_limit(LIMIT), rate_limit(SECOND_LIMIT)), **parts)


def with_cors(**parts: Unpack[Parts]) -> FastAPI:
    return harden(with_limit(**parts), cors_origins=(ORIGIN,))


def with_headers(**parts: Unpack[Parts]) -> FastAPI:
    app = with_cors(**parts)
    return harden(
        app, security_headers=True, request_id=True, require_host=True, max_body_bytes=65_536, problem_details=True
    )


def starlette_behind_guard(**parts: Unpack[Parts]) -> Auth0Guard:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(await read_bare())

    app = Starlette(routes=[Route(PATH, answer)])
    return Auth0Guard(
        app, Rule("/health", public=True), Rule(PATH, methods={"GET"}), Rule(PATH, scopes={"write"}), **parts
    )


def everything(**parts: Unpack[Parts]) -> FastAPI:
    configure_logs("INFO")
    return harden(with_headers(**parts), access_log=True)


def service(*, settings: ServiceSettings | None = None, transport: AsyncTransport | None = None) -> FastAPI:
    configure_logs("INFO")
    return create_app(settings, transport=transport)
