import pytest

from auth0_sso.resilience.token_bucket import TokenBucket
from auth0_sso.testing.clock import HandClock


@pytest.fixture
def bucket(clock: HandClock) -> TokenBucket:
    return TokenBucket(capacity=3, refill_seconds=30, clock=clock)


def taken(bucket: TokenBucket) -> int:
    """Take tokens until there are none; return how many there were."""
    count = 0
    while bucket.take():
        count += 1
    return count


async def test_the_capacity_can_be_taken_at_once_and_no_more(bucket: TokenBucket) -> None:
    assert taken(bucket) == 3


async def test_one_token_comes_back_in_each_period_and_not_earlier(bucket: TokenBucket, clock: HandClock) -> None:
    taken(bucket)
    for _ in range(5):
        await clock.advance(29)
        assert taken(bucket) == 0
        await clock.advance(1)
        assert taken(bucket) == 1


async def test_a_bucket_never_holds_more_than_its_capacity(bucket: TokenBucket, clock: HandClock) -> None:
    await clock.advance(10_000)
    assert taken(bucket) == 3
    await clock.advance(10_000)
    assert taken(bucket) == 3


async def test_a_token_put_back_can_be_taken_once_more(bucket: TokenBucket) -> None:
    taken(bucket)
    bucket.put_back()
    assert taken(bucket) == 1


async def test_a_day_of_attempts_is_limited_by_the_period(bucket: TokenBucket, clock: HandClock) -> None:
    count = 0
    for _ in range(86_400):
        count += bucket.take()
        clock.now += 1
    assert count == 3 + 86_400 // 30 - 1
