"""What the audit trail takes from requests: off, to the log, to PostgreSQL, and to a PostgreSQL that hangs.

One worker for each, which are measured in turn. Requests are sent at a fixed rate, half of them denied: each of those
writes a record. A request counts from the moment that it was due, so that a pause of the worker shows in all that it
kept waiting. Needs PostgreSQL.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

from support.postgresql_server import PostgresServer, postgresql_server
from support.process import environment, eventually, free_port, process, tenant, token_of
from support.service import USER

ROUNDS: Final = 9
SECONDS: Final = 4
CONNECTIONS: Final = 32
RATES: Final = (50, 500)
PATHS: Final = {"/admin/users": b"403", "/api/data": b"200"}
QUANTILES: Final = (0.5, 0.99)

Latencies = dict[str, list[float]]


def database(stack: ExitStack) -> tuple[PostgresServer, dict[str, str]]:
    """Run a PostgreSQL, and return it with the settings that write to it."""
    server = stack.enter_context(postgresql_server())
    spill = stack.enter_context(tempfile.TemporaryDirectory())
    variables = {"AUDIT_DATABASE_URL": server.url(server.create_database()), "AUDIT_SPILL_DIRECTORY": spill}
    command = [sys.executable, "-m", "auth0_sso", "audit", "migrate"]
    subprocess.run(command, env=variables, check=True, capture_output=True)
    return server, variables


def serve(stack: ExitStack, tenant_port: int, **variables: str) -> str:
    """Run one worker, and return its URL."""
    port = free_port()
    chosen = environment(tenant_port, port) | {"RATE_LIMIT": "1000000/second"} | variables
    stack.enter_context(process(sys.executable, "-m", "auth0_sso", "serve", **chosen))
    eventually(f"http://127.0.0.1:{port}/readyz", 200)
    return f"http://127.0.0.1:{port}"


async def measure(url: str, authorization: str, rate: int) -> Latencies:
    """Send requests at a rate, to one path and the other, and return the seconds they took by path."""
    latencies: Latencies = {path: [] for path in PATHS}
    due = iter([(number / rate, path) for number, path in enumerate(list(PATHS) * (rate * SECONDS // len(PATHS)))])
    start = time.perf_counter() + 0.1
    host, _, port = url.removeprefix("http://").partition(":")

    async def call() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for after, path in due:
            await asyncio.sleep(max(0.0, start + after - time.perf_counter()))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = re.findall(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length))
            if head[9:12] != PATHS[path]:
                raise RuntimeError(f"{path} was answered {head[9:12].decode()}")
            latencies[path].append(time.perf_counter() - start - after)
        writer.close()

    await asyncio.gather(*(call() for _ in range(min(CONNECTIONS, rate))))
    return latencies


def in_turn(servers: Mapping[str, str], authorization: str, rate: int) -> dict[str, list[Latencies]]:
    """Return what the rounds found, by server. One round before them counts not."""
    found: dict[str, list[Latencies]] = {name: [] for name in servers}
    for number in range(ROUNDS + 1):
        for name, url in servers.items():
            latencies = asyncio.run(measure(url, authorization, rate))
            if number:
                found[name].append(latencies)
    return found


def quantiles(rounds: list[Latencies], path: str) -> list[float]:
    """Return the median of the rounds, of each quantile, in seconds."""
    each = [sorted(latencies[path]) for latencies in rounds]
    return [median(values[int(len(values) * quantile)] for values in each) for quantile in QUANTILES]


def show(found: Mapping[str, list[Latencies]], rate: int) -> None:
    """Print a table, with the ratios to the first server."""
    print(f"\n| {rate} requests/s | path | p50, ms | ratio | p99, ms | ratio |\n|---|---|---:|---:|---:|---:|")
    for path in PATHS:
        base = quantiles(found[next(iter(found))], path)
        for name, rounds in found.items():
            values = [
                f"{1000 * value:.2f} | {value / least:.2f}"
                for value, least in zip(quantiles(rounds, path), base, strict=True)
            ]
            print(f"| {name} | `{path}` | {' | '.join(values)} |", flush=True)


def main() -> None:
    """Measure, and print a table for each rate."""
    with ExitStack() as stack:
        tenant_port = free_port()
        stack.enter_context(tenant(tenant_port))
        (hung, to_hung), (_, to_running) = database(stack), database(stack)
        servers = {
            "off": serve(stack, tenant_port, AUDIT_LOG="false"),
            "log": serve(stack, tenant_port),
            "PostgreSQL": serve(stack, tenant_port, AUDIT_LOG="false", **to_running),
            "PostgreSQL that hangs": serve(stack, tenant_port, AUDIT_LOG="false", **to_hung),
        }
        hung.freeze()
        authorization = token_of(tenant_port, USER)["Authorization"]
        for rate in RATES:
            show(in_turn(servers, authorization, rate), rate)
        records = Path(to_hung["AUDIT_SPILL_DIRECTORY"]).rglob("*")
        print(f"\nwaiting on disk: {sum(path.stat().st_size for path in records if path.is_file()):,} bytes")
        hung.thaw()


if __name__ == "__main__":
    main()
