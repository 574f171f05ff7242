"""`auth0-sso serve` with more requests in flight than it takes, since Auth0 does not answer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.process import free_port, tenant, token_of
from support.serving import Serving, serve

LIMIT = 16
ORIGIN = "https://app.example.com"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    tenant_port = free_port()
    with (
        tenant(tenant_port),
        serve(
            tenant_port, tmp_path / "log", MAX_CONCURRENT_REQUESTS=str(LIMIT), CORS_ALLOWED_ORIGINS=ORIGIN
        ) as running,
    ):
        yield running


async def test_more_requests_than_the_limit_get_503_and_probes_200(serving: Serving) -> None:
    development = f"http://127.0.0.1:{serving.tenant_port}/_development"
    manager = await asyncio.to_thread(token_of, serving.tenant_port, "manager@example.com") | {"Origin": ORIGIN}
    async with httpx.AsyncClient(timeout=30) as client:
        await client.post(f"{development}/faults", json={"path": "/api/v2/", "hang": True, "times": 1000})
        asking = [asyncio.create_task(client.get(f"{serving.url}/dashboard", headers=manager)) for _ in range(20)]
        done: set[asyncio.Task[httpx.Response]] = set()
        while len(done) < 20 - LIMIT:
            done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
        shed = [task.result() for task in done]
        assert [response.json()["code"] for response in shed] == ["overloaded"] * (20 - LIMIT)
        assert {response.headers["Retry-After"] for response in shed} == {"2"}
        assert {response.headers["Access-Control-Allow-Origin"] for response in shed} == {ORIGIN}
        for probe in ("/healthz", "/readyz"):
            assert (await client.get(f"{serving.url}{probe}")).status_code == 200
        waited = {response.json()["code"] for response in await asyncio.gather(*asking)}
        assert waited == {"overloaded", "management_unavailable"}
        assert (await client.get(f"{serving.url}/api/data", headers=manager)).status_code == 200
    assert serving.logged(r"overloaded: \d+ requests got 503 \(concurrency\)")
