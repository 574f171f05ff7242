import time

import pytest

from auth0_sso.clock import SYSTEM_CLOCK


async def test_the_systems_clock_has_both_times_and_sleeps() -> None:
    wall, monotonic = time.time(), time.monotonic()
    await SYSTEM_CLOCK.sleep(0.001)
    assert wall < SYSTEM_CLOCK.wall() < wall + 60
    assert monotonic + 0.001 <= SYSTEM_CLOCK.monotonic() < monotonic + 60


def test_the_systems_clock_shows_the_time_that_a_test_of_an_app_puts_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 5.0)
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    assert (SYSTEM_CLOCK.wall(), SYSTEM_CLOCK.monotonic()) == (5.0, 7.0)
