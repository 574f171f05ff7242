import asyncio
from collections.abc import Callable

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from auth0_sso.errors import ShuttingDownError
from auth0_sso.service.drain import Drain, DrainLayer


def test_a_replaced_worker_is_ready_and_one_that_shuts_down_is_not() -> None:
    drain = Drain()
    drain.replace()
    drain.require_not_begun()
    drain.begin()
    with pytest.raises(ShuttingDownError):
        drain.require_not_begun()


@pytest.mark.parametrize("end", [Drain.begin, Drain.replace])
async def test_a_request_under_way_when_the_drain_begins_closes_its_connection_too(
    end: Callable[[Drain], None],
) -> None:
    drain, arrived, going_on = Drain(), asyncio.Event(), asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        arrived.set()
        await going_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"kept")]})
        await send({"type": "http.response.body", "body": b"answer"})

    transport = httpx.ASGITransport(DrainLayer(app, drain))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        request = asyncio.create_task(client.get("/"))
        await arrived.wait()
        end(drain)
        going_on.set()
        answer = await request
    assert (answer.headers["connection"], answer.headers["x-own"]) == ("close", "kept")
