import logging

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import Event, OutageBegan, OutageEnded
from auth0_sso.store.availability import Availability, StoreHealth
from auth0_sso.store.commands import CommandError
from auth0_sso.testing.clock import HandClock


def failed(reason: str = "timeout") -> CommandError:
    return CommandError(reason, TimeoutError())


def test_three_failures_in_a_row_open_the_circuit_breaker(clock: HandClock) -> None:
    availability = Availability(clock)
    availability.record_failure("a", failed())
    availability.record_failure("a", failed())
    availability.record_write()
    for key in ("b", "c", "d"):
        assert availability.health == StoreHealth("up", None)
        availability.record_failure(key, failed())
    assert availability.health == StoreHealth("down", "timeout")
    assert availability.failed_key == "d"
    with pytest.raises(StoreUnavailableError) as caught:
        availability.require_closed()
    assert caught.value.reason == "store_timeout"


def test_commands_that_failed_for_one_cause_are_one_failure(clock: HandClock) -> None:
    availability, error = Availability(clock), failed()
    for _ in range(200):
        assert availability.record_failure("a", error).reason == "store_timeout"
    assert availability.health.state == "up"


async def test_after_a_pause_one_call_passes(clock: HandClock) -> None:
    availability = Availability(clock)
    for _ in range(3):
        availability.record_failure("a", failed())
    await clock.advance(1)
    availability.require_closed()
    with pytest.raises(StoreUnavailableError):
        availability.require_closed()


def test_a_write_from_before_an_outage_does_not_end_it(clock: HandClock) -> None:
    availability = Availability(clock)
    for _ in range(3):
        availability.record_failure("a", failed())
    availability.record_write()
    assert availability.is_down
    with pytest.raises(StoreUnavailableError):
        availability.require_closed()


def test_an_outage_is_logged_once_however_often_it_is_found(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    availability = Availability(clock)
    for reason in ("timeout", "connection"):
        availability.set_down(reason)
    assert availability.health == StoreHealth("down", "connection")
    for _ in range(2):
        availability.set_up()
    assert availability.health == StoreHealth("up", None)
    assert [record.getMessage() for record in caplog.records] == [
        "the shared store is down: timeout",
        "the shared store takes writes again",
    ]


def test_observers_hear_of_each_outage_once(clock: HandClock) -> None:
    seen: list[Event] = []
    availability = Availability(clock, seen.append)
    for _ in range(5):
        availability.record_failure("a", failed("read_only"))
    availability.set_down("timeout")
    availability.set_up()
    availability.set_up()
    assert seen == [OutageBegan("shared store", "read_only"), OutageEnded("shared store")]
