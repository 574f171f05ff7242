"""`auth0-sso serve` with more requests than it takes: Auth0 does not answer, or it has no time to start them."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.process import free_port, tenant, token_of
from support.serving import Serving, serve

LIMIT = 16
BURST = 400
ORIGIN = "https://app.example.com"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    tenant_port = free_port()
    with (
        tenant(tenant_port),
        serve(
            tenant_port,
            tmp_path / "log",
            MAX_CONCURRENT_REQUESTS=str(LIMIT),
            CORS_ALLOWED_ORIGINS=ORIGIN,
            METRICS_ENABLED="true",
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
        assert await shed_by(client, serving, "concurrency") >= 20 - LIMIT
    assert serving.logged(r"overloaded: \d+ requests got 503 \(concurrency\)")


async def shed_by(client: httpx.AsyncClient, serving: Serving, reason: str) -> float:
    """Return what the metric of shed requests counts."""
    metrics = (await client.get(f"{serving.url}/metrics")).text
    (value,) = re.findall(rf'^auth0_sso_requests_shed_total\{{reason="{reason}"\}} (\S+)$', metrics, re.MULTILINE)
    return float(value)


async def test_requests_that_would_wait_too_long_to_be_started_get_503(tmp_path: Path) -> None:
    tenant_port = free_port()
    with (
        tenant(tenant_port),
        serve(tenant_port, tmp_path / "log", MAX_QUEUE_DELAY_SECONDS="0.01", METRICS_ENABLED="true") as serving,
    ):
        connections = [await asyncio.open_connection("127.0.0.1", serving.port) for _ in range(BURST)]
        answered = Counter[bytes]()
        for _ in range(3):  # the time that a request takes is averaged over those before
            serving.send(signal.SIGSTOP)  # so all arrive at once
            for _, writer in connections:
                writer.write(b"GET /profile HTTP/1.1\r\nHost: api\r\n\r\n")
                await writer.drain()
            serving.send(signal.SIGCONT)
            answered.update([await status_of(reader) for reader, _ in connections])
        for _, writer in connections:
            writer.close()
        assert set(answered) == {b"401", b"503"}
        async with httpx.AsyncClient() as client:
            assert await shed_by(client, serving, "queue_delay") == answered[b"503"]
            assert (await client.get(f"{serving.url}/")).status_code == 200
        assert serving.logged(r"overloaded: \d+ requests got 503 \(queue_delay\)")


async def status_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
    await reader.readexactly(int(length))
    return head[9:12]
