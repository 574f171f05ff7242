import asyncio

import pytest

from auth0_sso.service.http_protocol.connections import ConnectionTable
from auth0_sso.testing.clock import HandClock


async def test_timeouts_are_checked_every_second_while_connections_are_open(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock.monotonic)
    table, transport, checks = ConnectionTable(), asyncio.Transport(), list[float]()

    def check() -> None:
        checks.append(clock.monotonic() - started)

    started = clock.monotonic()
    table.add(transport, check)
    for _ in range(5):
        await clock.advance(0.5)
    assert checks == [1.0, 2.0]
    table.remove(transport)
    await clock.advance(10)
    assert checks == [1.0, 2.0]
    table.add(transport, check)  # the checks have ended, and start again
    await clock.advance(1)
    assert checks == [1.0, 2.0, 13.5]


async def test_a_closed_connection_does_not_become_idle_again() -> None:
    table, closed, busy = ConnectionTable(), asyncio.Transport(), asyncio.Transport()
    table.add(closed, lambda: None)
    table.remove(closed)
    table.mark_idle(closed)
    table.add(busy, lambda: None)
    table.mark_busy(busy)
    assert not table.close_idle(1)  # otherwise it would close what is closed
