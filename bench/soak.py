"""Soak test with faults: two replicas, one Redis and a tenant. No wrong 401 or 403, no rate limit exceeded.

The tenant is frozen and resumed, Redis is killed and restarted, and the signing key is rotated every two seconds.
Callers use tokens of old and new keys. Needs `redis-server`. `python bench/soak.py SECONDS`.
"""

import asyncio
import random
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    fetch_machine_token,
    fetch_user_token,
)
from support.process import COMMAND, TENANT, environment, eventually, free_port, process
from support.redis_server import RedisServer, redis_server

REPLICAS, CALLERS, LIMIT, WINDOW = 2, 16, 20, 10
AUDIENCE, REDIRECT_URI = "https://api.example.com", "http://127.0.0.1:3000/callback"
ADMIN, _, USER = PEOPLE

# The allowed statuses. 429, and 503 for what needs Auth0 during an outage, are correct for every caller.
ALLOWED = {
    ("machine", "/"): {200},
    ("machine", "/api/data"): {200, 429},
    ("machine", "/dashboard"): {403},
    ("admin", "/"): {200},
    ("admin", "/api/data"): {200, 429},
    ("admin", "/dashboard"): {200, 503},
    ("admin", "/profile"): {200, 503},
    ("user", "/api/data"): {200, 429},
    ("user", "/dashboard"): {403, 503},
}


@dataclass(slots=True)
class Soak:
    """The state shared by the tasks of a run."""

    replicas: Sequence[str]
    tenant: str
    stopping: bool = False
    tokens: dict[str, deque[str]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    passes: dict[str, list[float]] = field(default_factory=dict)
    restarts: list[float] = field(default_factory=list)

    async def call(self, client: httpx.AsyncClient) -> None:
        """Send requests as a random caller, and record the responses."""
        while not self.stopping:
            who, path = random.choice(list(ALLOWED))
            token = random.choice(self.tokens[who])
            headers = {"Authorization": f"Bearer {token}"}
            try:
                response = await client.get(random.choice(self.replicas) + path, headers=headers)
            except httpx.HTTPError as error:
                self.wrong.append(f"{who} {path}: {type(error).__name__}")
                continue
            self.seen[f"{path} {response.status_code}"] += 1
            if path == "/api/data" and response.status_code == 200:
                self.passes.setdefault(who, []).append(time.monotonic())
            if response.status_code not in ALLOWED[who, path]:
                self.wrong.append(f"{who} {path}: {response.status_code} {response.text}")
            await asyncio.sleep(0.002)

    async def renew(self, client: httpx.AsyncClient) -> None:
        """Log in again to get tokens of the newest key, and keep those of the last few keys."""
        fresh = {"machine": await fetch_machine_token(client, self.tenant, audience=AUDIENCE)}
        for who, person in (("admin", ADMIN), ("user", USER)):
            fresh[who] = await fetch_user_token(
                client,
                self.tenant,
                email=person.email,
                password=person.password,
                audience=AUDIENCE,
                redirect_uri=REDIRECT_URI,
            )
        for who, token in fresh.items():
            self.tokens.setdefault(who, deque(maxlen=3)).append(token)

    async def rotate(self, client: httpx.AsyncClient) -> None:
        """Rotate the tenant's signing key, and revoke keys whose tokens are no longer used."""
        token = await fetch_machine_token(
            client,
            self.tenant,
            audience=f"{self.tenant}api/v2/",
            client_id=MANAGEMENT_CLIENT_ID,
            client_secret=MANAGEMENT_CLIENT_SECRET,
        )
        headers = {"Authorization": f"Bearer {token}"}
        await client.post(f"{self.tenant}api/v2/keys/signing/rotate", headers=headers)
        await self.renew(client)
        bearer = {"Authorization": f"Bearer {self.tokens['machine'][-1]}"}
        for replica in self.replicas:  # has it fetch the new key; while the tenant is frozen, 503 would be correct
            await client.get(replica, headers=bearer)
        keys = (await client.get(f"{self.tenant}api/v2/keys/signing", headers=headers)).json()
        previous = [key["kid"] for key in keys if key["previous"] and not key["revoked"]]
        # The latest come first. One of them may have signed the Management API token, renewed twice a minute at most.
        for kid in previous[20:]:
            await client.put(f"{self.tenant}api/v2/keys/signing/{kid}/revoke", headers=headers)

    def max_in_a_window(self) -> tuple[int, int]:
        """Return the maximum of one caller in any window, and the limit for that window."""
        worst = (0, LIMIT)
        for times in self.passes.values():
            for start, first in enumerate(times):
                # A little less than the window: the times are those of the responses, not of the counts.
                inside = sum(1 for at in times[start : start + 500] if at < first + WINDOW - 0.5)
                restarts = sum(1 for at in self.restarts if first - WINDOW <= at < first + WINDOW)
                # As documented: once more for each process that counted for itself, and again after a Redis restart.
                allowed = LIMIT * (1 + restarts * (1 + REPLICAS))
                if inside * worst[1] > worst[0] * allowed:
                    worst = (inside, allowed)
        return worst


@asynccontextmanager
async def run_alongside(*coroutines: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        await asyncio.gather(*tasks)


async def every(seconds: float, soak: Soak, work: Callable[[], Awaitable[None]]) -> None:
    while not soak.stopping:
        await asyncio.sleep(seconds)
        await work()


async def run(soak: Soak, redis: RedisServer, freeze: Callable[[bool], None], seconds: float) -> None:
    """Send requests and inject faults for `seconds`."""
    awake = asyncio.Lock()  # rotate no keys while the tenant is frozen

    async def freeze_tenant() -> None:
        async with awake:
            freeze(True)
            await asyncio.sleep(3)
            freeze(False)

    async def rotate() -> None:
        async with awake:
            await soak.rotate(client)

    async def restart() -> None:
        soak.restarts.append(time.monotonic())
        await asyncio.to_thread(redis.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(redis.start)
        soak.restarts.append(time.monotonic())

    async with httpx.AsyncClient(timeout=30) as client:
        await soak.renew(client)
        callers = [soak.call(client) for _ in range(CALLERS)]
        async with run_alongside(
            *callers, every(2, soak, rotate), every(7, soak, freeze_tenant), every(25, soak, restart)
        ):
            await asyncio.sleep(seconds)
            soak.stopping = True


def main() -> None:
    """Run and print the result; exit with 1 if anything was wrong."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        tenant_port, ports = free_port(), [free_port() for _ in range(REPLICAS)]
        tenant = stack.enter_context(process(sys.executable, "-c", TENANT, str(tenant_port)))
        eventually(f"http://127.0.0.1:{tenant_port}/.well-known/jwks.json", 200)
        for port in ports:
            variables = environment(tenant_port, port) | {
                "RATE_LIMIT": f"{LIMIT}/{WINDOW}second",
                "RATE_LIMIT_STORAGE_URL": redis.url,
                "AUTH_FAILURE_RATE_LIMIT": "off",
                "PROFILE_RATE_LIMIT": "off",  # it would hide the effect of the faults on /profile
            }
            stack.enter_context(process(*COMMAND, "serve", **variables))
            eventually(f"http://127.0.0.1:{port}/readyz", 200)
        soak = Soak([f"http://127.0.0.1:{port}" for port in ports], f"http://127.0.0.1:{tenant_port}/")

        def freeze(asleep: bool) -> None:
            tenant.send_signal(signal.SIGSTOP if asleep else signal.SIGCONT)

        asyncio.run(run(soak, redis, freeze, seconds))
    passed, allowed = soak.max_in_a_window()
    print(f"{seconds:.0f} s, {sum(soak.seen.values()):,} responses, {len(soak.restarts) // 2} restarts of Redis:\n")
    for response, number in sorted(soak.seen.items()):
        print(f"  {response:<20}{number:>8,}")
    print(f"\n  maximum of one caller in {WINDOW} s: {passed}, allowed {allowed} (limit {LIMIT})")
    print(f"  wrong: {len(soak.wrong)}")
    for line in soak.wrong[:20]:
        print(f"    {line}")
    if soak.wrong or passed > allowed:
        sys.exit(1)


if __name__ == "__main__":
    main()
