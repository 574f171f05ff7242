"""The notation of rate limits, with the library limits as the second opinion."""

from limits import parse_many

from auth0_sso.ratelimit.policy import Policy

SEEDS = (b"10/minute", b"10 per minute;200/hour", b"100/5 minutes, 1/day|7/year", b"0/second", b"1/2months", b"often")


def check(data: bytes) -> None:
    """A policy means what limits reads in it, and its own text parses to an equal one."""
    text = data.decode("utf-8", "replace")
    try:
        policy = Policy.parse(text)
    except ValueError as error:
        assert len(text) < 40 or text not in str(error)
        return
    read = sorted((item.get_expiry(), item.amount) for item in parse_many(text))
    assert [(limit.window, limit.amount) for limit in policy.limits] == read
    assert Policy.parse(policy.text) == policy
    assert policy.header.isascii()
    assert (policy.quota_format % ((1, 2) * len(policy.limits))).count(b";r=1;t=2") == len(policy.limits)
