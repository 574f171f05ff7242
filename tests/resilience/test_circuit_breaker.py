from auth0_sso.resilience.circuit_breaker import CircuitBreaker
from support.clock import HandClock


def broken(clock: HandClock) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=3, pause=5, clock=clock)
    assert [breaker.record_failure() for _ in range(3)] == [False, False, True]
    return breaker


def test_failures_in_a_row_open_it_and_fewer_do_not(clock: HandClock) -> None:
    breaker = CircuitBreaker(failures=3, pause=5, clock=clock)
    for _ in range(5):
        breaker.record_failure()
        breaker.record_failure()
        assert breaker.retry_after() == 0
        breaker.record_success()
    assert broken(clock).retry_after() == 5


def test_it_tells_how_long_it_stays_open(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 3
    assert breaker.retry_after() == 2


def test_when_its_pause_is_over_one_may_try_and_the_others_wait(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert [breaker.retry_after() for _ in range(3)] == [0, 5, 5]


def test_a_trial_that_passes_closes_it(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    breaker.retry_after()
    breaker.record_success()
    assert [breaker.retry_after() for _ in range(3)] == [0, 0, 0]


def test_a_trial_that_fails_opens_it_anew_and_is_not_told_twice(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 6
    assert breaker.retry_after() == 0
    assert breaker.record_failure() is False
    assert breaker.retry_after() == 5


def test_a_trial_nobody_heard_of_again_does_not_keep_it_open_for_ever(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert breaker.retry_after() == 0
    clock.now += 5
    assert breaker.retry_after() == 0
