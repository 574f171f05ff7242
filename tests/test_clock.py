import time

from auth0_sso.clock import SYSTEM_CLOCK


async def test_the_systems_clock_has_both_times_and_sleeps() -> None:
    wall, monotonic = time.time(), time.monotonic()
    await SYSTEM_CLOCK.sleep(0.001)
    assert wall < SYSTEM_CLOCK.wall() < wall + 60
    assert monotonic + 0.001 <= SYSTEM_CLOCK.monotonic() < monotonic + 60
