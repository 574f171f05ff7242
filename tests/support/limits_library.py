"""The library `limits`, by whose strategies ours are tested."""

from collections.abc import Callable
from typing import Final

from limits.aio.storage import Storage
from limits.aio.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from auth0_sso.ratelimit.limiter import Strategy

LIBRARY: Final[dict[Strategy, Callable[[Storage], RateLimiter]]] = {
    "moving-window": MovingWindowRateLimiter,
    "sliding-window-counter": SlidingWindowCounterRateLimiter,
    "fixed-window": FixedWindowRateLimiter,
}
