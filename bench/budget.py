"""The time budget of a request by layer: requests go directly to an app, without a server or sockets.

Each app has one layer more than another. Its time is the minimum of many short interleaved rounds: what else runs on
the machine can only add to it. The requests of a round run one after another, and with Redis concurrently, because
there they share round trips. The access log goes to a file.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, redirect_stderr
from dataclasses import dataclass
from itertools import cycle, islice
from shutil import which
from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Scope

import apps
from auth0_sso import Settings
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.issuer import AUDIENCE, ISSUER
from local_issuer import ROLE_CLAIM, make_issuer, make_tokens, transport_to
from support.redis_server import redis_server

REQUESTS, WARM_UP, ROUNDS, TOKENS = 32, 8, 256, 1024
BARE, TOKEN, ALL = "no guard (bare FastAPI)", "token guard, GuardedRoute", "CORS configured"
SERVICE = "the service's /api/data: access line, metrics"
_MEMORY, _REDIS = "memory://", "redis"


@dataclass(frozen=True, slots=True)
class Layer:
    """An app, the layer that it adds to, and where its rate limits are counted."""

    name: str
    app: Callable[..., FastAPI]
    on: str = BARE
    path: str = apps.PATH
    storage: str = _MEMORY


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request of a layer takes: microseconds, those that the layer adds, and the ratio to no guard."""

    layer: Layer
    microseconds: float
    added: float
    ratio: float


PROTECT, ROLE, LIMIT = "protect(app)", "role from a claim", "rate limit in memory"
HEADERS = "other parts of harden, but for the access log"
LAYERS: tuple[Layer, ...] = (
    Layer(BARE, lambda **_: apps.bare()),
    Layer(PROTECT, apps.protected),
    Layer("token guard, FastAPI's APIRoute", apps.verified_in_plain_route, PROTECT),
    Layer(TOKEN, apps.verified, PROTECT),
    Layer(ROLE, apps.with_role, TOKEN),
    Layer(LIMIT, apps.with_limit, ROLE),
    Layer("a second rate limit in memory", apps.with_two_limits, LIMIT),
    Layer(ALL, apps.with_cors, LIMIT),
    Layer(HEADERS, apps.with_headers, ALL),
    Layer("access log", apps.everything, HEADERS),
    Layer(SERVICE, apps.service, path=apps.SERVICE_PATH),
)
REDIS_LAYERS = (
    Layer("rate limit in Redis", apps.with_limit, ROLE, storage=_REDIS),
    Layer("a second rate limit in Redis", apps.with_two_limits, "rate limit in Redis", storage=_REDIS),
)


def _settings(redis_url: str | None) -> dict[str, Any]:
    return {
        "auth0_domain": ISSUER.removeprefix("https://").removesuffix("/"),
        "auth0_audience": (AUDIENCE,),
        "auth0_role_source": "claim",
        "auth0_role_claim": ROLE_CLAIM,
        "rate_limit": apps.LIMIT,
        "rate_limit_storage_url": redis_url or _MEMORY,
    }


def _app_of(layer: Layer, transport: AsyncTransport, redis_url: str) -> FastAPI:
    values = _settings(redis_url if layer.storage == _REDIS else None)
    if layer.name == SERVICE:
        settings: Settings = ServiceSettings.of(**values, metrics_enabled=True, cors_allowed_origins=(apps.ORIGIN,))
    else:
        settings = Settings.of(**values)
    return layer.app(settings=settings, transport=transport)


def _requests(layer: Layer, tokens: Sequence[str]) -> list[Scope]:
    """Return new requests: an app writes into a scope."""
    return [_request_to(layer.path, token) for token in tokens]


def _request_to(path: str, token: str) -> Scope:
    """Return a request as uvicorn hands it to an app."""
    headers = {"host": "127.0.0.1:3000", "user-agent": "wrk", "accept": "*/*", "authorization": f"Bearer {token}"}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 3000),
    }


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    if message["type"] == "http.response.start":
        assert message["status"] == 200, message  # noqa: S101 - a refusal would be faster


async def _seconds_of_round(app: FastAPI, requests: Sequence[Scope], *, concurrently: bool) -> float:
    """Return the seconds that one round of requests takes."""
    started = time.perf_counter()
    if concurrently:
        await asyncio.gather(*(app(request, _receive, _send) for request in requests))
    else:
        for request in requests:
            await app(request, _receive, _send)
    return time.perf_counter() - started


@asynccontextmanager
async def _running(app: FastAPI, *, redis: bool) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app
        if redis:  # counting locally would be faster
            assert app.state.auth0_sso.store.health.state == "up"  # noqa: S101 - a benchmark without its store measures nothing


async def _minima(layers: Sequence[Layer], redis_url: str) -> dict[str, float]:
    issuer = make_issuer()
    transport, tokens = transport_to(issuer, ISSUER), make_tokens(issuer, ISSUER, TOKENS)
    minima = {layer.name: float("inf") for layer in layers}
    async with AsyncExitStack() as stack:
        running = {}
        for layer in layers:
            app = _app_of(layer, transport, redis_url)
            running[layer] = await stack.enter_async_context(_running(app, redis=layer.storage == _REDIS))
            await _seconds_of_round(app, _requests(layer, tokens), concurrently=False)
        for start in islice(cycle(range(0, TOKENS, REQUESTS)), ROUNDS):
            for layer, app in running.items():
                own = tokens[start : start + REQUESTS]
                # The app that ran before has filled the caches of the CPU.
                await _seconds_of_round(app, _requests(layer, own[:WARM_UP]), concurrently=False)
                taken = await _seconds_of_round(app, _requests(layer, own), concurrently=layer.storage == _REDIS)
                minima[layer.name] = min(minima[layer.name], taken / REQUESTS * 1e6)
    return minima


def measure(*, redis: bool) -> list[Cost]:
    """Measure each layer; with `redis` those with rate limits in Redis too, where `redis-server` is installed."""
    with ExitStack() as stack:
        stack.enter_context(redirect_stderr(stack.enter_context(tempfile.TemporaryFile("w"))))
        layers, url = LAYERS, ""
        if redis and which("redis-server"):
            layers, url = LAYERS + REDIS_LAYERS, stack.enter_context(redis_server()).url
        minima = asyncio.run(_minima(layers, url))
        logging.getLogger().handlers.clear()  # they write to the file
    return [Cost(layer, own := minima[layer.name], own - minima[layer.on], own / minima[BARE]) for layer in layers]
