"""The server's side of an app's lifespan (ASGI: Lifespan Protocol), phase by phase."""

import asyncio

from starlette.types import ASGIApp, Message, Scope


class LifespanServer:
    """One lifespan."""

    def __init__(self, app: ASGIApp) -> None:
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self.serving = asyncio.ensure_future(app(scope, self._to_app.get, self._from_app.put))

    async def say(self, phase: str) -> Message:
        """Tell the app to start up or to shut down; return what it answers."""
        self._to_app.put_nowait({"type": f"lifespan.{phase}"})
        async with asyncio.timeout(5):
            return await self._from_app.get()

    async def ended(self) -> None:
        """Wait until the app is done with its lifespan; raise what it raised."""
        async with asyncio.timeout(5):
            await self.serving
