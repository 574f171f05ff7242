"""A tenant with any number of users, all without roles unless a test says otherwise, over ASGI; it can hang."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import httpx
from starlette.types import Receive, Scope, Send

from auth0_sso.clock import Clock
from auth0_sso.management.client import ManagementClient
from support.management_chain import management_chain


class CrowdTenant:
    """Answers every look-up of roles; `asked` has the subjects in the order of their look-ups."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self.asked: list[str] = []
        self.status = 200
        self.answers = asyncio.Event()
        self.answers.set()

    def hang(self) -> None:
        """Answer nothing until `answers` is set."""
        self.answers.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        path: str = scope["raw_path"].decode()
        subject = unquote(path.removeprefix("/api/v2/users/").removesuffix("/roles"))
        if path.endswith("/roles"):
            self.asked.append(subject)
        if path != "/oauth/token":
            await self.answers.wait()
        body = json.dumps(self._answer(path, subject)).encode()
        status = 200 if path == "/oauth/token" else self.status
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, path: str, subject: str) -> object:
        if path == "/oauth/token":
            return {"access_token": "token", "expires_in": 86_400, "token_type": "Bearer"}
        if not path.endswith("/roles"):
            return {"user_id": subject}
        roles = [{"id": "rol_1", "name": self.roles[subject]}] if subject in self.roles else []
        return {"roles": roles, "start": 0, "limit": 100, "total": len(roles)}


@asynccontextmanager
async def crowd_management(tenant: CrowdTenant, clock: Clock) -> AsyncIterator[ManagementClient]:
    """Open a Management client for a crowd's tenant."""
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(tenant)) as http,
        management_chain(http, clock) as chain,
    ):
        yield chain.client
