"""What a million requests cost in calls of the tenant, by simulation: the real parts, with a clock moved by hand.

A fleet of processes serves role-guarded requests of a crowd, minutes of them in moments; what is counted is what the
fleet asks of the tenant. Without Redis each process asks for itself, with it they share. Then scaled to a million.
"""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from shutil import which

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.devtenant import create_tenant
from auth0_sso.web.services import Clock, open_services
from crowd import tokens_of_a_crowd
from support.clock import HandClock
from support.redis_server import redis_server
from support.service import OPTIONS, Wire, settings

REQUESTS, MILLION = 40_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A fleet, its crowd, and how many requests come in a second."""

    processes: int
    users: int
    per_second: float
    redis: bool = False


def kind_of(request: str) -> str:
    method, path = request.split(" ", 1)
    if path.startswith("/.well-known/"):
        return "keys"
    return "token" if path == "/oauth/token" else f"{method} /api/v2"


async def simulate(case: Case, url: str) -> Counter[str]:
    """Return the calls of each kind."""
    clock = HandClock()
    times = Clock(wall=clock.time, monotonic=clock.time, sleep=clock.sleep)
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    tenant = create_tenant(OPTIONS, now=clock.time, signing_keys=keys)
    wire = Wire(httpx.ASGITransport(tenant))
    texts = tokens_of_a_crowd(tenant.state.tenant, case.users, case.users)
    store = {"rate_limit_storage_url": url, "rate_limit_store_timeout_seconds": 5} if case.redis else {}
    async with AsyncExitStack() as stack:
        fleet = [
            await stack.enter_async_context(open_services(settings(**store), transport=wire, clock=times))
            for _ in range(case.processes)
        ]
        for _ in range(REQUESTS):
            process = random.choice(fleet)
            token = await process.verifier.verify(random.choice(texts))
            assert process.roles is not None  # noqa: S101 - the settings have credentials
            await process.roles.roles_of(token)
            await clock.advance(1 / case.per_second)
    return Counter(map(kind_of, wire.requests))


def main() -> None:
    """Simulate, and print a table."""
    cases = [Case(processes, users, 100) for users in (100, 2000) for processes in (1, 8)]
    cases += [Case(8, users, 100, redis=True) for users in (100, 2000)]
    print(f"Calls of the tenant for a million role-guarded requests, from {REQUESTS:,} simulated at 100 a second:\n")
    for case in cases:
        if case.redis and which("redis-server") is None:
            print("  redis-server is not installed: a fleet that shares is left out")
            continue
        with redis_server() as redis:
            calls = asyncio.run(simulate(case, redis.url))
        management, keys = (calls[kind] * MILLION // REQUESTS for kind in ("GET /api/v2", "keys"))
        fleet = f"{case.processes} processes {'with Redis' if case.redis else ''}"
        print(
            f"  {fleet:<23}{case.users:>6,} users: {management:>9,} of the Management API, {keys:>4} of the keys; "
            f"tokens a day: {calls['token']}"
        )


if __name__ == "__main__":
    main()
