import asyncio

import pytest

from auth0_sso.limits.rate import RateLimit


async def test_the_budget_is_spent_one_by_one() -> None:
    limit = RateLimit("3/minute")
    verdicts = [await limit.hit("a") for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]
    assert {(verdict.limit, verdict.window) for verdict in verdicts} == {(3, 60)}
    assert all(1 <= verdict.reset_after <= 60 for verdict in verdicts)


async def test_each_key_has_a_budget_of_its_own() -> None:
    limit = RateLimit("1/minute")
    assert (await limit.hit("a")).allowed
    assert (await limit.hit("b")).allowed
    assert not (await limit.hit("a")).allowed


async def test_concurrent_hits_never_exceed_the_budget() -> None:
    limit = RateLimit("10/minute")
    verdicts = await asyncio.gather(*(limit.hit("a") for _ in range(200)))
    assert sum(verdict.allowed for verdict in verdicts) == 10


@pytest.mark.parametrize("policy", ["", "often", "10", "/minute", "10/fortnight"])
def test_a_policy_that_cannot_be_read_is_refused(policy: str) -> None:
    with pytest.raises(ValueError, match=r"parse|granularity"):
        RateLimit(policy)
