"""The lifespan of a guarded app (ASGI: Lifespan Protocol): services open before the app's own, and close after it."""

import logging
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from traceback import format_exc

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.errors import ConfigurationError

_log = logging.getLogger("auth0_sso.asgi")


async def run_lifespan(
    app: ASGIApp, services: AbstractAsyncContextManager[object], scope: Scope, receive: Receive, send: Send
) -> None:
    """Enter the services and run the app's lifespan inside; an app without a lifespan is served all the same.

    Where the services cannot be opened, the server shows why it does not start.
    """
    startup = await receive()
    stack = AsyncExitStack()
    try:
        await stack.enter_async_context(services)
    except Exception as error:
        configuration = isinstance(error, ConfigurationError)
        await send({"type": "lifespan.startup.failed", "message": str(error) if configuration else format_exc()})
        if not configuration:
            raise
        return
    async with stack:
        completed = await _run(app, scope, _AppSide(startup, receive, send))
    if completed:
        await send({"type": "lifespan.shutdown.complete"})


async def _run(app: ASGIApp, scope: Scope, side: "_AppSide") -> bool:
    """Run the app's lifespan until the server shuts down; return whether that is to be confirmed."""
    try:
        await app(scope, side.receive, side.send)
    except Exception:
        if side.answer is not None:
            raise
        _log.info("the app raised an exception for its lifespan: it is served without one", exc_info=True)
    if side.answer in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
        return False
    if side.answer is None:
        await side.send({"type": "lifespan.startup.complete"})
    while not side.is_shutting_down:  # an app without a lifespan has not received its startup either
        await side.receive()
    return True


class _AppSide:
    """What the app receives and sends in its lifespan; that it has shut down is not confirmed by itself."""

    def __init__(self, startup: Message, receive: Receive, send: Send) -> None:
        """Take the message that was received already, and the server's side."""
        self._startup: Message | None = startup
        self._receive = receive
        self._send = send
        self.answer: str | None = None
        """The type of the last message from the app."""
        self.is_shutting_down = False

    async def receive(self) -> Message:
        if self._startup is not None:
            startup, self._startup = self._startup, None
            return startup
        message = await self._receive()
        self.is_shutting_down = True
        return message

    async def send(self, message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            raise RuntimeError("this app answers its lifespan as if it were a request")
        self.answer = message["type"]
        if self.answer != "lifespan.shutdown.complete":
            await self._send(message)
