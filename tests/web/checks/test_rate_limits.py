"""What a counted request is told, and who is exempt."""

from dataclasses import replace

import pytest

from auth0_sso.errors import RateLimitedError
from auth0_sso.ratelimit.limiter import NOT_COUNTED, Quota, RateLimitResult
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.web.checks.rate_limits import is_exempt, require_budget
from auth0_sso.web.services.services import Services
from support.access_tokens import access_token

POLICY = Policy.parse("10/minute;200/hour")
LEFT = [
    (b"ratelimit-policy", b'"10/minute";q=10;w=60, "200/hour";q=200;w=3600'),
    (b"ratelimit", b'"10/minute";r=3;t=7, "200/hour";r=150;t=900'),
]


def test_headers_say_what_is_left_of_each_limit() -> None:
    headers = [(b"x-other", b"1")]
    require_budget(POLICY, RateLimitResult((Quota(3, 7), Quota(150, 900))), headers)
    assert headers == [(b"x-other", b"1"), *LEFT]


def test_a_refused_request_gets_the_headers_too() -> None:
    headers: list[tuple[bytes, bytes]] = []
    with pytest.raises(RateLimitedError) as refused:
        require_budget(POLICY, RateLimitResult((Quota(3, 7), Quota(150, 900)), retry_after=7), headers)
    assert (refused.value.retry_after, refused.value.reason) == (7, "rate_limited")
    assert headers == LEFT


def test_a_request_that_was_not_counted_gets_no_headers() -> None:
    headers: list[tuple[bytes, bytes]] = []
    require_budget(POLICY, NOT_COUNTED, headers)
    assert headers == []


@pytest.mark.parametrize(
    ("claims", "of_limit", "exempt"),
    [
        ({}, {}, False),
        ({"azp": "batch"}, {}, True),
        ({"permissions": ["free"]}, {}, True),
        ({"azp": "own"}, {"clients": frozenset({"own"})}, True),
        ({"permissions": ["own"]}, {"permissions": frozenset({"own"})}, True),
        ({"azp": "own", "permissions": ["own"]}, {}, False),
        ({"azp": "free", "permissions": ["batch"], "scope": "free"}, {}, False),
    ],
    ids=str,
)
async def test_settings_and_one_limit_exempt_clients_and_permissions(
    services: Services, claims: dict[str, object], of_limit: dict[str, frozenset[str]], *, exempt: bool
) -> None:
    exempting = replace(services, exempt_clients=frozenset({"batch"}), exempt_permissions=frozenset({"free"}))
    assert is_exempt(access_token(**claims), exempting, **of_limit) is exempt
