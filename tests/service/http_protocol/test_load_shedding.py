import asyncio
import logging
from dataclasses import dataclass

import pytest

from auth0_sso.events import Event, RequestShed
from auth0_sso.service.http_protocol.load_shedding import LoadShedder
from auth0_sso.testing.clock import HandClock

ALWAYS = 50  # so many requests may wait at any time


class Loop:
    """Requests that arrive at a shedder; each pass of the event loop takes as long as a test says."""

    def __init__(self, clock: HandClock, **limits: float) -> None:
        self.clock = clock
        self.events: list[Event] = []
        self.shedder = LoadShedder(
            int(limits.get("concurrent", 1000)),
            limits.get("delay", 0.5),
            exempt=[b"/healthz"],
            observer=self.events.append,
            timer=clock.monotonic,
        )

    def arrive(self, number: int, *, url: bytes = b"/", in_flight: int = 0) -> int:
        """Let requests arrive; return how many of them are shed."""
        return sum(self.shedder.reason_to_shed(url, in_flight) is not None for _ in range(number))

    async def serve(self, seconds: float) -> None:
        """Start what has arrived; that takes so long."""
        await asyncio.sleep(0)
        self.clock.now += seconds

    async def serve_all(self, number: int, *, each: float) -> None:
        """Let so many requests arrive and be served, by twenty in a pass."""
        for _ in range(number // 20):
            self.arrive(20)
            await self.serve(20 * each)
        self.arrive(1)
        await self.idle(0)

    async def idle(self, seconds: float) -> None:
        """Finish the pass, and wait for requests for so long."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.clock.now += seconds


async def test_requests_beyond_the_limit_in_flight_are_shed(clock: HandClock) -> None:
    loop = Loop(clock, concurrent=100)
    assert loop.arrive(1, in_flight=99) == 0
    assert loop.arrive(1, in_flight=100) == 1
    assert loop.events == [RequestShed("concurrency")]


async def test_requests_that_would_wait_too_long_are_shed(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    await loop.serve_all(5000, each=0.002)
    assert 1000 - loop.arrive(1000) == pytest.approx(250, abs=10)
    assert set(loop.events) == {RequestShed("queue_delay")}


async def test_the_next_pass_takes_as_many_requests_again(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    await loop.serve_all(5000, each=0.002)
    for _ in range(5):
        assert 1000 - loop.arrive(1000) == pytest.approx(250, abs=10)
        await loop.serve(0.5)


async def test_a_thousand_fast_requests_at_once_are_all_served(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    await loop.serve_all(5000, each=0.0003)
    assert loop.arrive(1000) == 0


async def test_a_process_that_stood_still_sheds_nothing(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    await loop.serve_all(1000, each=0.0003)
    loop.arrive(1)
    await loop.serve(60)
    assert loop.arrive(ALWAYS) == 0


async def test_a_standstill_is_forgotten_after_some_requests(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    loop.arrive(20)
    await loop.serve(60)
    await loop.serve_all(5000, each=0.0003)
    assert loop.arrive(1000) == 0


async def test_waiting_for_requests_is_no_work(clock: HandClock) -> None:
    loop = Loop(clock, delay=0.5)
    for _ in range(500):
        loop.arrive(1)
        await loop.idle(10)
    assert loop.arrive(1000) == 0


async def test_probes_are_served_under_any_load(clock: HandClock) -> None:
    loop = Loop(clock, concurrent=100)
    assert loop.arrive(3, url=b"/healthz", in_flight=5000) == 0
    assert loop.arrive(1, url=b"/healthz?from=proxy", in_flight=5000) == 0
    assert loop.arrive(1, url=b"/healthzz", in_flight=5000) == 1


async def test_shed_requests_are_logged_once_a_second(clock: HandClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    loop = Loop(clock, concurrent=100)
    loop.arrive(10, in_flight=100)
    clock.now += 0.9
    loop.arrive(10, in_flight=100)
    clock.now += 0.2
    loop.arrive(1, in_flight=100)
    assert [record.getMessage() for record in caplog.records] == [
        "overloaded: 1 requests got 503 (concurrency)",
        "overloaded: 20 requests got 503 (concurrency)",
    ]


@dataclass
class Overload:
    """Requests that arrive at four times the rate at which they can be served, in simulated time."""

    latencies: list[float]
    """Of the requests that were served, in seconds."""
    served_per_second: float


async def overload(clock: HandClock, *, delay: float, seconds: float = 60) -> Overload:
    """Simulate the passes of an event loop: it reads all that has arrived, and then serves what was not shed."""
    serve_seconds, shed_seconds, arrivals_per_second = 0.001, 0.00005, 4000
    loop, latencies, arrived, started = Loop(clock, delay=delay), list[float](), 0, clock.now
    while (passed := clock.now - started) < seconds:
        waiting = range(arrived, int(passed * arrivals_per_second) + 1)
        arrived += len(waiting)
        admitted = []
        for number in waiting:
            if loop.arrive(1):
                clock.now += shed_seconds
            else:
                admitted.append(started + number / arrivals_per_second)
        await asyncio.sleep(0)
        for arrival in admitted:
            clock.now += serve_seconds
            latencies.append(clock.now - arrival)
    return Overload(latencies, len(latencies) / (clock.now - started))


async def test_at_four_times_the_capacity_latency_is_bounded_and_most_is_served(clock: HandClock) -> None:
    result = await overload(clock, delay=0.5)
    assert max(result.latencies[1000:]) < 1.5
    assert result.served_per_second > 0.75 * 1000


async def test_without_load_shedding_the_latency_only_grows(clock: HandClock) -> None:
    result = await overload(clock, delay=1e9)
    assert result.latencies[-1] == max(result.latencies) > 30
