import pytest

from auth0_sso.jwks.fetch_budget import FetchBudget
from support.clock import HandClock


@pytest.fixture
def budget(clock: HandClock) -> FetchBudget:
    return FetchBudget(capacity=3, period=30, clock=clock)


def taken(budget: FetchBudget) -> int:
    """Return how many fetches can be had at once."""
    count = 0
    while budget.take():
        count += 1
    return count


async def test_three_can_be_had_at_once_and_no_fourth(budget: FetchBudget) -> None:
    assert taken(budget) == 3


async def test_one_comes_back_with_each_period_and_not_a_second_sooner(budget: FetchBudget, clock: HandClock) -> None:
    taken(budget)
    for _ in range(5):
        await clock.advance(29)
        assert taken(budget) == 0
        await clock.advance(1)
        assert taken(budget) == 1


async def test_after_a_long_time_it_holds_no_more_than_its_capacity(budget: FetchBudget, clock: HandClock) -> None:
    await clock.advance(10_000)
    assert taken(budget) == 3
    await clock.advance(10_000)
    assert taken(budget) == 3


async def test_what_is_given_back_can_be_had_again_once(budget: FetchBudget) -> None:
    taken(budget)
    budget.give_back()
    assert taken(budget) == 1


async def test_a_day_of_trying_every_second_costs_three_and_one_for_each_period(
    budget: FetchBudget, clock: HandClock
) -> None:
    count = 0
    for _ in range(86_400):
        count += budget.take()
        clock.now += 1
    assert count == 3 + 86_400 // 30 - 1
