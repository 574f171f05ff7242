import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits import parse_many

from auth0_sso.ratelimit.policy import MAX_REQUESTS, Limit, Policy


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("10/minute", [Limit("10/minute", 10, 60)]),
        ("10 per minute", [Limit("10/minute", 10, 60)]),
        ("10PerMinutes", [Limit("10/minute", 10, 60)]),
        ("200/hour;10/minute", [Limit("10/minute", 10, 60), Limit("200/hour", 200, 3600)]),
        (
            "10/minute, 200/hour|1/day",
            [Limit("10/minute", 10, 60), Limit("200/hour", 200, 3600), Limit("1/day", 1, 86400)],
        ),
        ("100/5minute", [Limit("100/5minute", 100, 300)]),
        ("1 per 2 months", [Limit("1/2month", 1, 2 * 30 * 86400)]),
        ("007/year", [Limit("7/year", 7, 360 * 86400)]),
        ("1000000/10000second", [Limit("1000000/10000second", MAX_REQUESTS, 10_000)]),
    ],
)
def test_a_policy_is_its_limits_the_shortest_window_first(text: str, limits: list[Limit]) -> None:
    assert list(Policy.parse(text).limits) == limits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "often",
        "10",
        "/minute",
        "10/fortnight",
        "10/minutess",
        "0/minute",
        "-1/minute",
        "10/0minute",
        "10/minute;",
        "10/minute;often",
        "10/minute:;20/hour",
        "10/minute;20/minute",
        "60/minute;1/60second",
        "1000001/hour",
        "10/10001hour",
        "9" * 5000 + "/minute",
        "\u0661/minute",
        "10/\u017fecond",
    ],
)
def test_another_text_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="limit") as caught:
        Policy.parse(text)
    assert len(text) < 12 or text not in str(caught.value)


amounts = st.integers(0, 2 * MAX_REQUESTS).map(str)
multiples = st.integers(1, 20_000).map(str) | st.just("")  # the library takes 0 for 1
units = st.sampled_from(["second", "minutes", "Hour", "DAYS", "month", "year", "s", "week", ""])
slashes = st.sampled_from(["/", " per ", "per", " / ", "\n/", "-", ""])
texts = st.lists(st.tuples(amounts, slashes, multiples, units).map("".join), min_size=1, max_size=3)


@given(texts, st.sampled_from(",;| "))
@example(["10/minute"], ";")
@example(["10/minute", "20/hour"], ";")
def test_policies_are_read_as_the_library_limits_does(parts: list[str], separator: str) -> None:
    text = separator.join(parts)
    try:
        items = parse_many(text)
    except ValueError:
        items = []
    expected = sorted((item.get_expiry(), item.amount) for item in items)
    in_range = all(1 <= item.amount <= MAX_REQUESTS and item.multiples <= 10_000 for item in items)
    if items and in_range and len({window for window, _ in expected}) == len(items):
        assert [(limit.window, limit.amount) for limit in Policy.parse(text).limits] == expected
    else:
        with pytest.raises(ValueError, match="limit"):
            Policy.parse(text)


@pytest.mark.parametrize("cost", [0, -1, 11, 200])
def test_a_cost_that_never_fits_is_refused(cost: int) -> None:
    with pytest.raises(ValueError, match="costs"):
        Policy.parse("10/minute;200/hour").require_room(cost)


def test_a_cost_may_be_the_whole_of_the_smallest_limit() -> None:
    Policy.parse("10/minute;200/hour").require_room(10)
