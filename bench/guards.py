"""What a role guard costs a route: its throughput as a ratio to the same route guarded by the token alone.

Requests go straight into the app, without a server: whatever a server adds to both brings the ratio nearer to one.
"""

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import Annotated

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends, FastAPI
from starlette.types import Message, Scope

from auth0_sso import AccessToken, CurrentToken, protect, require_role
from auth0_sso.devtenant import PEOPLE, create_tenant, fetch_user_token
from support.service import OPTIONS, settings

REQUESTS, ROUNDS = 500, 40
WANTED = 0.85


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/bare")
    async def read_bare() -> dict[str, str]:
        return {"data": "x"}

    @app.get("/token")
    async def read_by_token(_: CurrentToken) -> dict[str, str]:
        return {"data": "x"}

    @app.get("/role")
    async def read_by_role(_: Annotated[AccessToken, Depends(require_role("admin"))]) -> dict[str, str]:
        return {"data": "x"}

    return app


def request_to(path: str, token: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 3000),
    }


async def timed(app: FastAPI, path: str, token: str) -> float:
    """Return the seconds that one round of requests to a route takes."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, path  # noqa: S101 - a refusal would be fast

    started = time.perf_counter()
    for _ in range(REQUESTS):
        await app(request_to(path, token), receive, send)
    return time.perf_counter() - started


async def throughputs(paths: Sequence[str]) -> dict[str, float]:
    """Return each route's median throughput as a ratio to that of the route guarded by the token alone."""
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    tenant = httpx.ASGITransport(create_tenant(OPTIONS, signing_keys=keys))
    app = protect(own_app(), settings(), transport=tenant)
    taken: dict[str, list[float]] = {path: [] for path in paths}
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=tenant) as client:
        admin = PEOPLE[0]
        token = await fetch_user_token(
            client,
            OPTIONS.issuer,
            email=admin.email,
            password=admin.password,
            audience=OPTIONS.audience,
            redirect_uri="http://127.0.0.1:3000/callback",
        )
        for path in paths:
            await timed(app, path, token)
        for _ in range(ROUNDS):
            for path in paths:
                taken[path].append(await timed(app, path, token))
    return {
        path: median(base / own for own, base in zip(times, taken["/token"], strict=True))
        for path, times in taken.items()
    }


def main() -> None:
    """Measure, and print a table."""
    print(f"Throughput of a route, as a ratio to one guarded by the token alone ({ROUNDS} rounds of {REQUESTS}):\n")
    names = {"/bare": "no guard", "/token": "CurrentToken", "/role": 'require_role("admin"), warm'}
    for path, ratio in asyncio.run(throughputs(list(names))).items():
        wanted = f"  (wanted: at least {WANTED})" if path == "/role" else ""
        print(f"  {names[path]:<36} {ratio:5.2f}{wanted}")


if __name__ == "__main__":
    main()
