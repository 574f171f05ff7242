from auth0_sso.resilience.circuit_breaker import CircuitBreaker
from auth0_sso.testing.clock import HandClock


def broken(clock: HandClock) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=3, pause=5, clock=clock)
    assert [breaker.record_failure() for _ in range(3)] == [False, False, True]
    return breaker


def test_only_failures_in_a_row_open_the_breaker(clock: HandClock) -> None:
    breaker = CircuitBreaker(failures=3, pause=5, clock=clock)
    for _ in range(5):
        breaker.record_failure()
        breaker.record_failure()
        assert breaker.retry_after() == 0
        breaker.record_success()
    assert broken(clock).retry_after() == 5


def test_retry_after_is_the_time_until_the_trial(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 3
    assert breaker.retry_after() == 2


def test_after_the_pause_only_one_caller_makes_the_trial(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert [breaker.retry_after() for _ in range(3)] == [0, 5, 5]


def test_a_successful_trial_closes_the_breaker(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    breaker.retry_after()
    breaker.record_success()
    assert [breaker.retry_after() for _ in range(3)] == [0, 0, 0]


def test_a_failed_trial_opens_the_breaker_again_without_reporting_it(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 6
    assert breaker.retry_after() == 0
    assert breaker.record_failure() is False
    assert breaker.retry_after() == 5


def test_a_trial_without_a_result_is_followed_by_another(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert breaker.retry_after() == 0
    clock.now += 5
    assert breaker.retry_after() == 0
