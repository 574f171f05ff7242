import pytest

from auth0_sso.ratelimit.policy import Policy


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("10/minute", ["10/minute"]),
        ("10 per minute", ["10/minute"]),
        ("200/hour;10/minute", ["10/minute", "200/hour"]),
        ("10/minute, 200/hour", ["10/minute", "200/hour"]),
        ("100/5minute", ["100/5minute"]),
    ],
)
def test_a_policy_is_its_limits_the_shortest_window_first(text: str, names: list[str]) -> None:
    assert [limit.name for limit in Policy.parse(text).limits] == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "often",
        "10",
        "/minute",
        "10/fortnight",
        "0/minute",
        "-1/minute",
        "10/minute;",
        "10/minute;often",
        "10/minute;20/minute",
        "60/minute;1/60second",
        "1000001/hour",
        "9" * 5000 + "/minute",
    ],
)
def test_what_is_no_policy_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="limit") as caught:
        Policy.parse(text)
    assert len(text) < 12 or text not in str(caught.value)


@pytest.mark.parametrize("cost", [0, -1, 11, 200])
def test_a_cost_that_never_fits_is_refused(cost: int) -> None:
    with pytest.raises(ValueError, match="costs"):
        Policy.parse("10/minute;200/hour").require_room(cost)


def test_a_cost_may_be_the_whole_of_the_smallest_limit() -> None:
    Policy.parse("10/minute;200/hour").require_room(10)
