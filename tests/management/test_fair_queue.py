import asyncio
from collections.abc import Sequence

import pytest

from auth0_sso.management.fair_queue import FairQueue, PausedError, Priority
from auth0_sso.testing.clock import HandClock

FAR = 2_000_000_000.0


class Office:
    """Callers that hold a slot until they are let go; `served` is the order in which they got it."""

    def __init__(self, queue: FairQueue, clock: HandClock) -> None:
        self.queue = queue
        self.clock = clock
        self.served: list[str] = []
        self.late: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: dict[str, asyncio.Event] = {}

    def enter(self, name: str, priority: Priority, *, until: float = FAR) -> None:
        self._leaving[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._call(name, priority, until))

    async def let_go(self, *names: str) -> None:
        for name in names:
            self._leaving[name].set()
            await self.clock.settle()

    async def order(self) -> Sequence[str]:
        """Let everybody go as soon as they are served; return the whole order."""
        for leaving in self._leaving.values():
            leaving.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        return self.served

    async def _call(self, name: str, priority: Priority, until: float) -> None:
        try:
            async with self.queue.slot(priority, until=until):
                self.served.append(name)
                await self._leaving[name].wait()
        except PausedError:
            self.late.append(name)


@pytest.fixture
def office(clock: HandClock) -> Office:
    return Office(FairQueue(1, clock=clock), clock)


async def test_as_many_callers_run_at_once_as_there_are_slots(clock: HandClock) -> None:
    office = Office(FairQueue(3, clock=clock), clock)
    for number in range(5):
        office.enter(str(number), Priority("a"))
    await clock.settle()
    assert office.served == ["0", "1", "2"]
    await office.let_go("1")
    assert office.served == ["0", "1", "2", "3"]


async def test_calls_with_high_priority_go_first(office: Office) -> None:
    office.enter("a1", Priority("a"))
    await office.clock.settle()
    for name in ("a2", "b1"):
        office.enter(name, Priority(name[0]))
    office.enter("role look-up", Priority("c", high=True))
    assert await office.order() == ["a1", "role look-up", "a2", "b1"]


async def test_calls_with_low_priority_go_last(office: Office) -> None:
    office.enter("a1", Priority("a"))
    await office.clock.settle()
    for name in ("crowd1", "crowd2"):
        office.enter(name, Priority(name, low=True))
    office.enter("b1", Priority("b"))
    office.enter("role look-up", Priority("c", high=True))
    assert await office.order() == ["a1", "role look-up", "b1", "crowd1", "crowd2"]


async def test_calls_with_low_priority_are_made_after_a_pause(office: Office) -> None:
    office.queue.pause(2)
    office.enter("crowd", Priority("a", low=True))
    office.enter("late", Priority("b", low=True), until=office.clock.monotonic() + 3)
    await office.clock.settle()
    office.queue.pause(5)
    await office.clock.advance(5.1)
    assert office.served == ["crowd"]
    assert office.late == ["late"]


@pytest.mark.parametrize("high", [False, True])
async def test_fifty_calls_of_one_subject_do_not_delay_another_subject(office: Office, high: bool) -> None:
    for number in range(50):
        office.enter(f"a{number}", Priority("a", high))
    await office.clock.settle()
    for name in ("b0", "b1", "c0"):
        office.enter(name, Priority(name[0], high))
    assert (await office.order())[:8] == ["a0", "a1", "b0", "c0", "a2", "b1", "a3", "a4"]


async def test_calls_without_a_subject_share_one_turn(office: Office) -> None:
    for number in range(3):
        office.enter(f"-{number}", Priority())
    await office.clock.settle()
    office.enter("a", Priority("a"))
    assert await office.order() == ["-0", "-1", "a", "-2"]


async def test_no_slot_is_granted_during_a_pause(office: Office) -> None:
    office.queue.pause(2)
    for name in ("a1", "a2", "b1"):
        office.enter(name, Priority(name[0]))
    office.enter("role look-up", Priority("c", high=True))
    await office.clock.advance(1.99)
    assert office.served == []
    await office.clock.advance(0.1)
    assert office.served == ["role look-up"]
    assert await office.order() == ["role look-up", "a1", "b1", "a2"]


async def test_a_pause_delays_callers_that_were_waiting_before_it(office: Office) -> None:
    office.enter("a1", Priority("a"))
    office.enter("a2", Priority("a"))
    await office.clock.settle()
    office.queue.pause(3)
    await office.let_go("a1")
    assert office.served == ["a1"]
    await office.clock.advance(3.1)
    assert office.served == ["a1", "a2"]


async def test_an_extended_pause_ends_at_its_latest_end(office: Office) -> None:
    office.queue.pause(1)
    office.enter("a", Priority("a"))
    await office.clock.settle()
    office.queue.pause(5)
    office.queue.pause(2)
    await office.clock.advance(4.9)
    assert office.served == []
    await office.clock.advance(0.2)
    assert office.served == ["a"]


async def test_a_caller_after_the_pause_does_not_overtake_waiting_ones(office: Office) -> None:
    office.queue.pause(1)
    office.enter("a", Priority("a"))
    await office.clock.settle()
    office.clock.now += 1.01  # it is over, and no waiting call has been woken yet
    office.enter("b", Priority("b"))
    await office.clock.settle()
    assert office.served == ["a"]


async def test_a_pause_past_a_callers_timeout_is_raised_at_once(office: Office) -> None:
    office.queue.pause(60)
    office.enter("a", Priority("a"), until=office.clock.monotonic() + 8)
    await office.clock.settle()
    assert (office.late, office.served) == (["a"], [])
    with pytest.raises(PausedError) as raised:
        async with office.queue.slot(Priority(), until=office.clock.monotonic() + 60):
            pass
    assert raised.value.seconds == 60


async def test_waiting_callers_fail_at_a_pause_past_their_timeout(office: Office) -> None:
    office.enter("a1", Priority("a"))
    office.enter("a2", Priority("a"), until=office.clock.monotonic() + 8)
    office.enter("b1", Priority("b"), until=office.clock.monotonic() + 9)
    await office.clock.settle()
    office.queue.pause(8)
    await office.clock.settle()
    assert office.late == ["a2"]
    await office.let_go("a1")
    await office.clock.advance(8.1)
    assert office.served == ["a1", "b1"]


async def test_a_cancelled_caller_leaves_the_queue(office: Office) -> None:
    for name in ("a1", "a2", "a3"):
        office.enter(name, Priority("a"))
    await office.clock.settle()
    office.tasks["a2"].cancel()
    assert await office.order() == ["a1", "a3"]


async def test_a_caller_cancelled_when_its_slot_is_granted_releases_it(office: Office) -> None:
    for name in ("a1", "a2", "a3"):
        office.enter(name, Priority("a"))
    await office.clock.settle()
    office.tasks["a1"].cancel()
    await asyncio.sleep(0)  # its slot is granted to the next, who has not run yet
    office.tasks["a2"].cancel()
    assert await office.order() == ["a1", "a3"]


async def test_a_slot_is_not_granted_to_a_cancelled_caller(office: Office) -> None:
    for name in ("a1", "a2", "a3"):
        office.enter(name, Priority("a"))
    await office.clock.settle()
    leaving = asyncio.create_task(office.let_go("a1"))
    await asyncio.sleep(0)  # a1 gives its slot back in the next step, before a2 learns that it is cancelled
    office.tasks["a2"].cancel()
    await leaving
    assert office.served == ["a1", "a3"]


async def test_a_pause_without_waiting_callers_leaves_no_task(office: Office) -> None:
    before = asyncio.all_tasks()
    office.queue.pause(60)
    office.enter("a", Priority("a"))
    await office.clock.settle()
    office.tasks["a"].cancel()
    await office.clock.settle()
    assert asyncio.all_tasks() == before
    office.enter("b", Priority("b"))
    await office.clock.advance(60.1)
    assert office.served == ["b"]
