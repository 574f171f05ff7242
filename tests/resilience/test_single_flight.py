import asyncio
import gc

import pytest

from auth0_sso.resilience.single_flight import SingleFlight, TooManyWaitingError


class Call:
    """A call that counts itself and ends when the test says so, with an answer or an error."""

    def __init__(self) -> None:
        self.count = 0
        self.ended = 0
        self.end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        number = self.count
        try:
            await self.end.wait()
        finally:
            self.ended += 1
        if self.error is not None:
            raise self.error
        return number


async def _started(*tasks: asyncio.Task[int]) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_a_hundred_waiters_share_one_call() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    waiters = [asyncio.create_task(flight.run("key", call)) for _ in range(100)]
    await _started(*waiters)
    call.end.set()
    assert await asyncio.gather(*waiters) == [1] * 100
    assert call.count == 1


async def test_each_key_has_its_own_call() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    slow, quick = Call(), Call()
    waiter = asyncio.create_task(flight.run("slow", slow))
    await _started(waiter)
    quick.end.set()
    assert await flight.run("quick", quick) == 1
    assert not waiter.done()
    slow.end.set()
    assert await waiter == 1


async def test_results_are_not_cached() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    call.end.set()
    assert [await flight.run("key", call) for _ in range(3)] == [1, 2, 3]
    assert not flight.is_in_flight("key")


async def test_a_key_is_in_flight_from_start_to_end() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    assert not flight.is_in_flight("key")
    task = flight.start("key", call)
    assert flight.is_in_flight("key")
    assert not flight.is_in_flight("another")
    call.end.set()
    await task
    await asyncio.sleep(0)
    assert not flight.is_in_flight("key")


async def test_start_joins_the_call_in_progress() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    assert flight.start("key", call) is flight.start("key", call)
    call.end.set()
    assert await flight.run("key", call) == 1


async def test_a_cancelled_waiter_does_not_cancel_the_call() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    first, second = (asyncio.create_task(flight.run("key", call)) for _ in range(2))
    await _started(first, second)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not second.done()
    call.end.set()
    assert await second == 1
    assert call.count == 1


async def test_a_call_whose_waiters_are_all_cancelled_continues() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    waiter = asyncio.create_task(flight.run("key", call))
    await _started(waiter)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert flight.is_in_flight("key")
    late = asyncio.create_task(flight.run("key", call))
    await _started(late)
    call.end.set()
    assert await late == 1


async def test_an_error_is_raised_by_every_waiter_and_not_cached() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    call.error = LookupError("gone")
    waiters = [asyncio.create_task(flight.run("key", call)) for _ in range(10)]
    await _started(*waiters)
    call.end.set()
    assert await asyncio.gather(*waiters, return_exceptions=True) == [call.error] * 10
    call.error = None
    assert await flight.run("key", call) == 2


async def test_an_error_without_a_waiter_is_no_warning() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    call.error = LookupError("gone")
    flight.start("key", call)
    call.end.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert call.ended == 1
    gc.collect()
    assert complaints == []


async def test_after_invalidate_the_next_caller_starts_a_new_call() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    old, new = Call(), Call()
    waiting_for_old = asyncio.create_task(flight.run("key", old))
    await _started(waiting_for_old)
    flight.invalidate("key")
    assert not flight.is_in_flight("key")
    waiting_for_new = asyncio.create_task(flight.run("key", new))
    await _started(waiting_for_new)
    assert (old.count, new.count) == (1, 1)
    old.end.set()
    await waiting_for_old
    assert flight.is_in_flight("key"), "the forgotten flight's landing took the new one off the board"
    new.end.set()
    await waiting_for_new


async def test_invalidating_an_unknown_key_is_no_error() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    flight.invalidate("key")
    assert not flight.is_in_flight("key")


async def test_aclose_cancels_calls_in_progress() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    calls = {"one": Call(), "two": Call()}
    waiters = [asyncio.create_task(flight.run(key, call)) for key, call in calls.items()]
    await _started(*waiters)
    await flight.aclose()
    assert all(call.ended == 1 for call in calls.values())
    assert not any(flight.is_in_flight(key) for key in calls)
    for waiter in waiters:
        with pytest.raises(asyncio.CancelledError):
            await waiter


async def test_aclose_cancels_invalidated_calls_too() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    waiter = asyncio.create_task(flight.run("key", call))
    await _started(waiter)
    flight.invalidate("key")
    await flight.aclose()
    assert call.ended == 1
    with pytest.raises(asyncio.CancelledError):
        await waiter


async def test_aclose_ignores_the_errors_of_calls() -> None:
    flight: SingleFlight[str, int] = SingleFlight()
    call = Call()
    call.error = LookupError("gone")
    flight.start("key", call)
    call.end.set()
    await flight.aclose()
    await SingleFlight[str, int]().aclose()


async def test_no_more_callers_wait_than_may() -> None:
    flight: SingleFlight[str, int] = SingleFlight(max_waiting=3)
    call = Call()
    waiters = [asyncio.create_task(flight.run(key, call)) for key in ("a", "a", "b")]
    await _started(*waiters)
    for key in ("a", "c"):
        with pytest.raises(TooManyWaitingError):
            await flight.run(key, call)
    assert call.count == 2
    waiters.pop().cancel()
    await asyncio.sleep(0)
    waiters.append(asyncio.create_task(flight.run("a", call)))
    await _started(*waiters)
    call.end.set()
    assert await asyncio.gather(*waiters) == [1, 1, 1]
