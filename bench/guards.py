"""The cost of a guard: the throughput of a route as a ratio to the same route with only the token guard.

Requests go directly to the app, without a server, 32 concurrently as in a busy server: the overhead of a server would
move the ratio towards one. Rate limits in Redis need a `redis-server`; without one these rows are skipped.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from shutil import which
from statistics import median
from typing import Annotated

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends, FastAPI
from starlette.types import Message, Scope

from auth0_devtenant import PEOPLE, create_tenant, fetch_user_token
from auth0_sso import AccessToken, CurrentToken, LimitedToken, protect, rate_limit, require_role
from support.redis_server import redis_server
from support.service import OPTIONS, settings

REQUESTS, ROUNDS, CONCURRENCY = 512, 40, 32
BASELINE = "CurrentToken"
LIMIT, PATH = "1000000/minute", "/data"


@dataclass(frozen=True, slots=True)
class Contender:
    """A route with its guards in an app of its own, its minimum ratio, and its rate limit storage."""

    name: str
    route: Callable[..., Awaitable[dict[str, str]]]
    guards: tuple[Callable[..., object], ...] = ()
    min_ratio: float | None = None
    url: str = "memory://"


async def read_bare() -> dict[str, str]:
    return {"data": "x"}


async def read_by_token(_: CurrentToken) -> dict[str, str]:
    return {"data": "x"}


async def read_by_role(_: Annotated[AccessToken, Depends(require_role("admin"))]) -> dict[str, str]:
    return {"data": "x"}


async def read_limited(_: LimitedToken) -> dict[str, str]:
    return {"data": "x"}


def request_to(token: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 3000),
    }


async def timed(app: FastAPI, token: str) -> float:
    """Return the seconds that one round of requests takes."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200  # noqa: S101 - a refusal would be faster

    async def caller() -> None:
        for _ in range(REQUESTS // CONCURRENCY):
            await app(request_to(token), receive, send)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return time.perf_counter() - started


@asynccontextmanager
async def serving(contender: Contender, tenant: httpx.ASGITransport) -> AsyncIterator[FastAPI]:
    app = FastAPI()
    app.get(PATH, dependencies=[Depends(guard) for guard in contender.guards])(contender.route)
    protect(app, settings(rate_limit=LIMIT, rate_limit_storage_url=contender.url), transport=tenant)
    async with app.router.lifespan_context(app):
        yield app
        store = app.state.auth0_sso.store
        assert store is None or store.health.state == "up"  # noqa: S101 - counting locally would be faster


async def throughputs(contenders: Sequence[Contender]) -> dict[str, float]:
    """Return each route's median throughput as a ratio to that of the route with only the token guard."""
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    tenant = httpx.ASGITransport(create_tenant(OPTIONS, signing_keys=keys))
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    async with AsyncExitStack() as stack:
        apps = {each.name: await stack.enter_async_context(serving(each, tenant)) for each in contenders}
        client = await stack.enter_async_context(httpx.AsyncClient(transport=tenant))
        admin = PEOPLE[0]
        token = await fetch_user_token(
            client,
            OPTIONS.issuer,
            email=admin.email,
            password=admin.password,
            audience=OPTIONS.audience,
            redirect_uri="http://127.0.0.1:3000/callback",
        )
        for app in apps.values():
            await timed(app, token)
        for _ in range(ROUNDS):
            for name, app in apps.items():
                taken[name].append(await timed(app, token))
    return {
        name: median(base / own for own, base in zip(times, taken[BASELINE], strict=True))
        for name, times in taken.items()
    }


def main() -> None:
    """Measure, and print a table."""
    print(
        f"Throughput of a route, as a ratio to one with only the token guard ({ROUNDS} rounds of {REQUESTS} "
        f"requests, {CONCURRENCY} concurrent):\n"
    )
    one_limit, two_limits = (rate_limit(LIMIT),), (rate_limit("900000/minute;1000000/hour"),)
    contenders = [
        Contender("no guard", read_bare),
        Contender(BASELINE, read_by_token),
        Contender('require_role("admin"), warm', read_by_role, min_ratio=0.85),
        Contender("LimitedToken, memory", read_limited, min_ratio=0.85),
        Contender("CurrentToken and rate_limit(), memory", read_by_token, one_limit),
        Contender("the same with two limits, memory", read_by_token, two_limits),
    ]
    with ExitStack() as stack:
        if which("redis-server") is None:
            print("  redis-server is not installed: Redis is skipped\n")
        else:
            url = stack.enter_context(redis_server()).url
            contenders += [
                Contender("LimitedToken, Redis", read_limited, min_ratio=0.5, url=url),
                Contender("CurrentToken and rate_limit(), Redis", read_by_token, one_limit, url=url),
                Contender("the same with two limits, Redis", read_by_token, two_limits, url=url),
            ]
        ratios = asyncio.run(throughputs(contenders))
    for contender in contenders:
        target = "" if contender.min_ratio is None else f"  (target: at least {contender.min_ratio})"
        print(f"  {contender.name:<40} {ratios[contender.name]:5.2f}{target}")


if __name__ == "__main__":
    main()
