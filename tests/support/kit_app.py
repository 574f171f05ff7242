"""A user's app, which reads its settings from the environment when it starts; tested with `auth0_sso.testing`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request, WebSocket

from auth0_sso import (
    AccessToken,
    CurrentOrganizationRoles,
    CurrentRoles,
    CurrentToken,
    Settings,
    UserToken,
    protect,
    rate_limit,
    require_permission,
    require_role,
)
from auth0_sso.web.guards.token_guards import Management

READ_ORDERS = require_permission("read:orders")


def user_app(settings: Settings | None = None) -> FastAPI:  # noqa: C901 - a list of routes
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, str]]:
        yield {"database": "open"}

    app = FastAPI(lifespan=lifespan)
    protect(app, settings)

    @app.get("/open")
    async def show_open(request: Request) -> str:
        return str(request.state.database)

    @app.get("/me")
    async def show_me(token: CurrentToken) -> dict[str, object]:
        return {"subject": token.subject, "client": token.client_id, "claims": dict(token.claims)}

    @app.get("/user")
    async def show_user(token: UserToken) -> str:
        return token.subject

    @app.get("/orders")
    async def list_orders(token: Annotated[AccessToken, Depends(READ_ORDERS)]) -> str:
        return token.subject

    @app.get("/reports", dependencies=[Depends(require_role("admin"))])
    async def list_reports() -> str:
        return "a report"

    @app.get("/roles")
    async def list_roles(roles: CurrentRoles) -> list[str]:
        return sorted(roles)

    @app.get("/member-roles")
    async def list_member_roles(roles: CurrentOrganizationRoles) -> list[str]:
        return sorted(roles)

    @app.get("/email")
    async def show_email(token: UserToken, management: Management) -> str | None:
        return (await management.get_user(token.subject)).email

    @app.get("/limited", dependencies=[Depends(rate_limit("2/minute"))])
    async def limited() -> str:
        return "once more"

    @app.websocket("/echo")
    async def echo(socket: WebSocket, token: UserToken) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(f"{token.subject}: {text}")

    return app
