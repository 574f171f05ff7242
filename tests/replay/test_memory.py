import sys
import tracemalloc

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.replay.cache import proof_name
from auth0_sso.replay.memory import ENTRY_BYTES, MemoryReplays
from auth0_sso.testing.clock import HandClock


def name(number: int) -> bytes:
    return number.to_bytes(16)


def test_each_part_of_a_proof_makes_another_name() -> None:
    names = {proof_name(*parts) for parts in (("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("b", "a", "c"))}
    assert len(names) == 4
    assert {len(each) for each in names} == {16}
    assert proof_name("a", "b", "c" * 10_000) == proof_name("a", "b", "c" * 10_000)


async def test_a_name_is_new_once_until_it_expires(clock: HandClock) -> None:
    replays = MemoryReplays(10_000, clock=clock)
    assert await replays.add(name(1), 60) is True
    assert await replays.add(name(1), 60) is False
    await clock.advance(59)
    assert await replays.add(name(1), 60) is False
    await clock.advance(1)
    assert await replays.add(name(1), 60) is True


async def test_expired_names_make_room(clock: HandClock) -> None:
    replays = MemoryReplays(ENTRY_BYTES * 10, clock=clock)
    for number in range(1000):
        assert await replays.add(name(number), 60)
        await clock.advance(10)
    assert len(replays) <= 10


async def test_a_full_cache_refuses_instead_of_forgetting(clock: HandClock) -> None:
    replays = MemoryReplays(ENTRY_BYTES * 3, clock=clock)
    for number in range(3):
        assert await replays.add(name(number), 60)
    with pytest.raises(StoreUnavailableError) as raised:
        await replays.add(name(3), 60)
    assert raised.value.reason == "store_replay_cache_full"
    assert await replays.add(name(0), 60) is False


async def test_a_short_lifetime_behind_a_long_one_expires_in_time(clock: HandClock) -> None:
    replays = MemoryReplays(10_000, clock=clock)
    await replays.add(name(1), 330)
    await replays.add(name(2), 1)
    await clock.advance(2)
    assert await replays.add(name(2), 100) is True
    await clock.advance(50)
    assert await replays.add(name(2), 100) is False
    await clock.advance(300)
    await replays.add(name(3), 1)
    assert len(replays) == 1


async def test_an_entry_takes_no_more_than_is_counted_for_it(clock: HandClock) -> None:
    names = [name(number) for number in range(50_000)]
    replays = MemoryReplays(ENTRY_BYTES * len(names), clock=clock)
    tracemalloc.start()
    try:
        for each in names:
            await replays.add(each, 60)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    name_bytes = sys.getsizeof(names[0])
    assert used / len(names) + name_bytes <= ENTRY_BYTES
