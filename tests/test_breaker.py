from auth0_sso.breaker import Breaker
from support.clock import HandClock


def broken(clock: HandClock) -> Breaker:
    breaker = Breaker(failures=3, pause=5, clock=clock.time)
    assert [breaker.failed() for _ in range(3)] == [False, False, True]
    return breaker


def test_failures_in_a_row_open_it_and_fewer_do_not(clock: HandClock) -> None:
    breaker = Breaker(failures=3, pause=5, clock=clock.time)
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        assert breaker.wait() == 0
        breaker.passed()
    assert broken(clock).wait() == 5


def test_it_tells_how_long_it_stays_open(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 3
    assert breaker.wait() == 2


def test_when_its_pause_is_over_one_may_try_and_the_others_wait(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert [breaker.wait() for _ in range(3)] == [0, 5, 5]


def test_a_trial_that_passes_closes_it(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    breaker.wait()
    breaker.passed()
    assert [breaker.wait() for _ in range(3)] == [0, 0, 0]


def test_a_trial_that_fails_opens_it_anew_and_is_not_told_twice(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 6
    assert breaker.wait() == 0
    assert breaker.failed() is False
    assert breaker.wait() == 5


def test_a_trial_nobody_heard_of_again_does_not_keep_it_open_for_ever(clock: HandClock) -> None:
    breaker = broken(clock)
    clock.now += 5
    assert breaker.wait() == 0
    clock.now += 5
    assert breaker.wait() == 0
