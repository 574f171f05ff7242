import asyncio
from collections.abc import Callable

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from auth0_sso.errors import ShuttingDownError
from auth0_sso.service.drain import Drain, DrainMiddleware


def test_a_replaced_worker_is_ready_during_draining() -> None:
    drain = Drain()
    drain.start_replacement()
    drain.require_ready()
    drain.start_shutdown()
    with pytest.raises(ShuttingDownError):
        drain.require_ready()


@pytest.mark.parametrize("start", [Drain.start_shutdown, Drain.start_replacement])
def test_draining_that_starts_again_is_logged_once(
    start: Callable[[Drain], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    drain = Drain()
    start(drain)
    start(drain)
    assert drain.is_draining
    assert caplog.text.count("draining connections") == 1


@pytest.mark.parametrize("start", [Drain.start_shutdown, Drain.start_replacement])
async def test_a_request_in_progress_closes_its_connection_after_draining_starts(
    start: Callable[[Drain], None],
) -> None:
    drain, arrived, resume = Drain(), asyncio.Event(), asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        arrived.set()
        await resume.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"kept")]})
        await send({"type": "http.response.body", "body": b"body"})

    transport = httpx.ASGITransport(DrainMiddleware(app, drain))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        request = asyncio.create_task(client.get("/"))
        await arrived.wait()
        start(drain)
        resume.set()
        response = await request
    assert (response.headers["connection"], response.headers["x-own"]) == ("close", "kept")
