"""The clock moved by hand: its two times, and which sleeps it ends."""

import asyncio
import time

import pytest

from auth0_sso.testing import HandClock


def test_it_starts_about_now_and_stands_still() -> None:
    clock = HandClock()
    assert abs(clock.now - time.time()) < 3600
    assert (clock.wall(), clock.monotonic()) == (clock.now, clock.monotonic())


def test_its_two_times_are_far_apart_and_move_together() -> None:
    clock = HandClock(1_900_000_000)
    before = clock.monotonic()
    clock.now += 5
    assert clock.wall() == 1_900_000_005.0
    assert clock.monotonic() == before + 5
    assert clock.wall() - clock.monotonic() > 1_000_000


def test_a_wall_clock_set_back_takes_no_time_back() -> None:
    clock = HandClock()
    before = clock.monotonic()
    clock.now -= 100
    assert clock.monotonic() == before


async def test_a_short_sleep_ends_at_once_and_moves_the_clock() -> None:
    clock = HandClock()
    before = clock.now
    await asyncio.wait_for(clock.sleep(10), timeout=5)
    assert clock.now == before + 10


async def test_a_long_sleep_ends_when_the_clock_gets_there() -> None:
    clock = HandClock()
    ended: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        ended.append(seconds)

    async with asyncio.TaskGroup() as group:
        for seconds in (60.0, 30.0):
            group.create_task(sleep(seconds))
        await clock.settle()
        await clock.advance(59)
        assert ended == [30.0]
        await clock.advance(1)
    assert ended == [30.0, 60.0]


@pytest.mark.parametrize("short", [0.0, 1.0])
async def test_which_sleeps_are_short_is_the_tests_choice(short: float) -> None:
    clock = HandClock(short_pause=short)
    sleeping = asyncio.create_task(clock.sleep(2))
    await clock.settle()
    assert not sleeping.done()
    await clock.advance(2)
    await sleeping
