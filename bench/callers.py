"""What a million distinct callers cost a process that counts in memory: ours, and the library's own store.

Each measure is taken in a process of its own, by what that process grows.
"""

import asyncio
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy

POLICY, BOUND = Policy.parse("10/minute"), 64


def grown() -> float:
    """Return the most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def ours(callers: int, hits: int) -> tuple[float, float, int]:
    """Return MiB grown, microseconds a request, and how many callers are remembered."""
    counter = MemoryCounter("moving-window", BOUND * MIB)
    before, started = grown(), time.perf_counter()
    for caller in range(callers):
        for _ in range(hits):
            await counter.hit(POLICY.limits, "GET /api/data", f"subject auth0|{caller:024}", 1)
    taken = (time.perf_counter() - started) / callers / hits * 1e6
    return grown() - before, taken, len(counter)


async def librarys(callers: int, requests: int) -> tuple[float, float, int]:
    """Return the same of the library's store that knows so many callers, each request let finish its sweep."""
    storage = MemoryStorage()
    window, item = MovingWindowRateLimiter(storage), parse("10/minute")
    before = grown()
    for caller in range(callers):
        await window.hit(item, f"GET /api/data subject auth0|{caller:024}")
    started = time.perf_counter()
    for caller in range(requests):
        await window.hit(item, f"GET /api/data subject auth0|{caller:024}")
        if storage.timer is not None:
            await storage.timer
    return grown() - before, (time.perf_counter() - started) / requests * 1e6, len(storage.events)


def measure(what: str, callers: int, number: int) -> tuple[float, float, int]:
    return asyncio.run({"ours": ours, "librarys": librarys}[what](callers, number))


def main() -> None:
    """Measure, and print a table."""
    cases = [
        ("ours, one request each", "ours", 100_000, 1),
        ("ours, one request each", "ours", 1_000_000, 1),
        ("ours, ten requests each", "ours", 300_000, 10),
        ("the library's", "librarys", 1_000, 20),
        ("the library's", "librarys", 10_000, 5),
    ]
    print(f"Counts in memory (10/minute, bound {BOUND} MiB):\n")
    for name, what, callers, number in cases:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            grew, taken, remembered = pool.submit(measure, what, callers, number).result()
        print(f"  {name:<26}{callers:>10,} callers{grew:>8.0f} MiB{taken:>12,.0f} us{remembered:>11,} remembered")


if __name__ == "__main__":
    main()
