"""The cache of limited cost, step by step beside a plain list in the order of use."""

from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.lru_cache import LruCache

KEYS = st.sampled_from("abcdef")
STEPS = st.lists(st.one_of(st.tuples(KEYS), st.tuples(KEYS, st.integers(0, 9), st.integers(0, 12))), max_size=60)


@given(STEPS, st.integers(0, 10))
def test_the_least_recently_used_are_evicted_at_the_maximum(steps: list[tuple[str, int, int]], maximum: int) -> None:
    cache: LruCache[str, int] = LruCache(maximum)
    used: list[tuple[str, int, int]] = []  # the least recently used first
    for key, *put in steps:
        known = next((each for each in used if each[0] == key), None)
        if not put:
            assert cache.get(key) == (None if known is None else known[1])
            kept = known
        else:
            cache.put(key, *put)
            kept = (key, put[0], put[1]) if put[1] <= maximum else None
        used = [each for each in used if each[0] != key] + ([] if kept is None else [kept])
        while sum(cost for _, _, cost in used) > maximum:
            del used[0]
        assert len(cache) == len(used)
    assert {key: cache.get(key) for key in "abcdef"} == dict.fromkeys("abcdef") | {
        key: value for key, value, _ in used
    }


def test_a_value_that_costs_more_than_all_may_replaces_none() -> None:
    cache: LruCache[str, str] = LruCache(10)
    cache.put("a", "x", 4)
    cache.put("b", "y", 11)
    cache.put("a", "z", 11)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, None, 0)
    cache.put("c", "y", 10)
    assert cache.get("c") == "y"
