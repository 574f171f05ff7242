"""How long a client whose tokens are used up waits (Auth0: "Fine-grained M2M token quotas").

`Auth0-Client-Quota-Limit: b=per_hour;q=10;r=0;t=3540,b=per_day;q=100;r=7;t=40000`: of each bucket its quota, the
tokens that remain, and the seconds until it is full again.
"""

import math
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.http.client import httpx
from auth0_sso.http.retry_after import retry_after

_HEADERS: Final = ("Auth0-Client-Quota-Limit", "Auth0-Organization-Quota-Limit")
_MAX: Final = 3600  # a quota may be raised before it is full again: one request an hour finds out
_MAX_BUCKETS: Final = 8


def wait_of(headers: httpx.Headers, now: WallTime) -> int | None:
    """Return the seconds to wait after a 429 with these headers, an hour at most; None where none says."""
    waits = [_bucket_wait(bucket) for name in _HEADERS for bucket in headers.get(name, "").split(",")[:_MAX_BUCKETS]]
    told = retry_after(headers, now)
    longest = max([*waits, 0 if told is None else math.ceil(told)])
    return min(longest, _MAX) or None


def _bucket_wait(bucket: str) -> int:
    """Return the seconds until an empty bucket is full; 0 for one that is not empty, or malformed."""
    values = dict(part.strip().partition("=")[::2] for part in bucket.split(";"))
    seconds = values.get("t", "")
    if values.get("r") != "0" or not seconds.isascii() or not seconds.isdecimal():
        return 0
    return int(seconds[:6])
