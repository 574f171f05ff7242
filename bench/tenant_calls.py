"""Calls to the tenant for a million requests, by simulation: the real components, with a clock moved by hand.

Processes without a shared store serve role-guarded requests of many users, in simulated time. Their calls to the
tenant are counted and scaled to a million. Processes with a shared Redis cannot be simulated: the age of shared roles
uses the clock of the Redis server.
"""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import create_tenant
from auth0_sso.testing.clock import HandClock
from auth0_sso.web.services.services import open_services
from crowd import create_users_and_tokens
from support.service import OPTIONS, Wire, settings

REQUESTS, MILLION = 40_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """The number of processes and users, and the requests per second."""

    processes: int
    users: int
    per_second: float


def kind_of(request: str) -> str:
    method, path = request.split(" ", 1)
    if path.startswith("/.well-known/"):
        return "keys"
    return "token" if path == "/oauth/token" else f"{method} /api/v2"


async def simulate(case: Case) -> Counter[str]:
    """Return the number of calls by kind."""
    clock = HandClock(short_pause=-1)
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    tenant = create_tenant(OPTIONS, now=clock.wall, signing_keys=keys)
    wire = Wire(httpx.ASGITransport(tenant))
    texts = create_users_and_tokens(tenant.state.tenant, case.users, case.users)
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_services(settings(), transport=wire, clock=clock))
            for _ in range(case.processes)
        ]
        for _ in range(REQUESTS):
            process = random.choice(processes)
            token = await process.verifier.verify(random.choice(texts))
            assert process.roles is not None  # noqa: S101 - the settings have credentials
            await process.roles.roles_of(token)
            await clock.advance(1 / case.per_second)
    return Counter(map(kind_of, wire.requests))


def main() -> None:
    """Simulate, and print a table."""
    cases = [Case(processes, users, 100) for users in (100, 2000) for processes in (1, 8)]
    print(f"Calls to the tenant for a million role-guarded requests, from {REQUESTS:,} simulated at 100 a second:\n")
    for case in cases:
        calls = asyncio.run(simulate(case))
        management, keys = (calls[kind] * MILLION // REQUESTS for kind in ("GET /api/v2", "keys"))
        print(
            f"  {case.processes} processes {case.users:>6,} users: {management:>9,} to the Management API, "
            f"{keys:>4} for keys; tokens a day: {calls['token']}"
        )


if __name__ == "__main__":
    main()
