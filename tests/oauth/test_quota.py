"""How long to wait after a 429 of the token endpoint."""

import httpx
import pytest

from auth0_sso.clock import WallTime
from auth0_sso.oauth.quota import wait_of

QUOTA = "Auth0-Client-Quota-Limit"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"X-RateLimit-Reset": "1030"}, 30),
        ({QUOTA: "b=per_hour;q=10;r=0;t=900,b=per_day;q=100;r=7;t=40000"}, 900),
        ({QUOTA: "b=per_hour;q=10;r=0;t=900, b=per_day;q=100;r=0;t=40000"}, 3600),
        ({QUOTA: "b=per_hour;q=10;r=0;t=20", "Retry-After": "17"}, 20),
        ({"Auth0-Organization-Quota-Limit": "b=per_hour;q=10;r=0;t=60"}, 60),
        ({QUOTA: "b=per_hour;q=10;r=5;t=900"}, None),
        ({QUOTA: "nonsense;r=0;t=-5,;;=,r=0;t=x"}, None),
        ({QUOTA: "r=0;t=" + "9" * 5000}, 3600),
    ],
)
def test_the_wait_is_that_of_the_empty_buckets(headers: dict[str, str], seconds: int | None) -> None:
    assert wait_of(httpx.Headers(headers), WallTime(1000)) == seconds
