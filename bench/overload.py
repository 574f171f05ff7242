"""Overload: four times as many requests as one worker can serve, with load shedding and without.

`wrk` sends the load over thousands of connections, whose callers wait two seconds between their requests. Beside it
sixteen callers note how long each admitted request takes, and one how long /healthz takes. The capacity is measured
first, of both in turn: nothing is shed then, so a difference comes from what else the machine does. Needs `wrk`, and
a core for the worker: where others use it too, look at the requests of a CPU second.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.process import environment, eventually, free_port, process
from support.redis_server import require_program

CAPACITY_CONNECTIONS, FACTOR, THINK_SECONDS, MAX_CONNECTIONS = 64, 4, 2, 9_000
SECONDS, CONNECTING = 20, 6
CAPACITY_ROUNDS, CAPACITY_SECONDS = 5, 4
USERS, TOKENS, CALLERS = 500, 4_000, 16
HERE = Path(__file__).parent
SERVERS = {
    "without": {"MAX_CONCURRENT_REQUESTS": "1000000", "MAX_QUEUE_DELAY_SECONDS": "60"},
    "with": dict[str, str](),
}


@dataclass(slots=True)
class Worker:
    """A running service."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return its CPU time so far."""
        ticks = sum(map(int, Path(f"/proc/{self.pid}/stat").read_text().split()[13:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Answers:
    """The responses to wrk by status, how long it ran, and the CPU time of the worker meanwhile."""

    statuses: Counter[str]
    seconds: float
    cpu: float

    def per_cpu_second(self) -> float:
        """Return the 200 responses for each second of CPU time."""
        return self.statuses["200"] / self.cpu

    def shown(self) -> str:
        """Return 200 and 503 responses for each second, and 200 responses for each second of CPU time."""
        good, shed = self.statuses["200"], self.statuses["503"]
        return f"{good / self.seconds:>8,.0f}{shed / self.seconds:>8,.0f}{self.per_cpu_second():>12,.0f}"


@dataclass(slots=True)
class Latencies:
    """The seconds that requests took, by path and status."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, kind: str, seconds: float) -> None:
        """Note one response."""
        self.seconds.setdefault(kind, []).append(seconds)

    def shown(self, kind: str) -> str:
        """Return the median, the 99th percentile and the maximum, in ms."""
        found = sorted(self.seconds.get(kind, ()))
        if not found:
            return f"{'-':>24}"
        at = (found[len(found) // 2], found[int(len(found) * 0.99)], found[-1])
        return "".join(f"{1000 * each:>8,.0f}" for each in at)


@contextmanager
def serve(tenant_port: int, **variables: str) -> Iterator[Worker]:
    """Run one worker until the block ends."""
    port = free_port()
    chosen = environment(tenant_port, port) | {"RATE_LIMIT": "1000000/second", "LOG_LEVEL": "WARNING"} | variables
    with process(sys.executable, "-m", "auth0_sso", "serve", **chosen) as running:
        url = f"http://127.0.0.1:{port}"
        eventually(f"{url}/readyz", 200)
        yield Worker(url, running.pid)


async def load(worker: Worker, tokens: Path, *, connections: int, think: float, seconds: int = SECONDS) -> Answers:
    """Send the load; the caller of each connection waits up to twice `think` seconds between its requests."""
    command = [require_program("wrk"), "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "60s"]
    command += ["-s", str(HERE / "overload.lua"), worker.url, "--", str(tokens), str(int(1000 * think))]
    before = worker.cpu_seconds()
    sending = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    printed = (await sending.communicate())[0].decode()
    (taken,) = re.findall(r"^seconds ([\d.]+)$", printed, re.MULTILINE)
    statuses = {status: int(number) for status, number in re.findall(r"^status (\d+) (\d+)$", printed, re.MULTILINE)}
    return Answers(Counter(statuses), float(taken), worker.cpu_seconds() - before)


async def call(worker: Worker, path: str, token: str, latencies: Latencies) -> None:
    """Send ten requests a second on one connection, once wrk is connected and until it ends."""
    await asyncio.sleep(CONNECTING)
    until = time.monotonic() + SECONDS - CONNECTING - 1
    host, _, port = worker.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    while (started := time.monotonic()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = re.findall(rb"content-length: (\d+)", head)
        await reader.readexactly(int(length))
        latencies.note(f"{path} {head[9:12].decode()}", time.monotonic() - started)
        await asyncio.sleep(0.1)
    writer.close()


async def capacities(workers: Mapping[str, Worker], tokens: Path) -> dict[str, int]:
    """Print what each worker can serve, and return it: requests a second, the median of rounds in turn."""
    found: dict[str, list[Answers]] = {name: [] for name in workers}
    for _ in range(CAPACITY_ROUNDS):
        for name, worker in workers.items():
            answers = await load(worker, tokens, connections=CAPACITY_CONNECTIONS, think=0, seconds=CAPACITY_SECONDS)
            found[name].append(answers)
    medians = {name: sorted(each, key=Answers.per_cpu_second)[CAPACITY_ROUNDS // 2] for name, each in found.items()}
    for name, answers in medians.items():
        print(f"  {name:<8} at capacity   {answers.shown()}", flush=True)
    return {name: int(answers.statuses["200"] / answers.seconds) for name, answers in medians.items()}


async def overload(name: str, worker: Worker, capacity: int, tokens: Path) -> None:
    """Measure a worker at four times its capacity, and print that."""
    connections = min(MAX_CONNECTIONS, FACTOR * THINK_SECONDS * capacity)
    latencies, some = Latencies(), tokens.read_text().split()[:CALLERS]  # noqa: ASYNC240 - nothing else runs yet
    callers = [call(worker, "/api/data", token, latencies) for token in some]
    callers.append(call(worker, "/healthz", some[0], latencies))
    answers, _ = await asyncio.gather(
        load(worker, tokens, connections=connections, think=THINK_SECONDS), asyncio.gather(*callers)
    )
    shown = latencies.shown("/api/data 200") + latencies.shown("/healthz 200")
    print(f"  {name:<8} at {FACTOR} times    {answers.shown()}{shown}", flush=True)


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        tokens = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "tokens"
        tenant_port = free_port()
        crowd = [sys.executable, str(HERE / "crowd.py"), str(tenant_port), str(USERS), str(TOKENS), str(tokens)]
        stack.enter_context(process(*crowd))
        eventually(f"http://127.0.0.1:{tenant_port}/.well-known/jwks.json", 200, timeout=120)
        print(f"{'200/s':>33}{'503/s':>8}{'200/CPU s':>12}", end="")
        print(f"{'p50':>8}{'p99':>8}{'max ms':>8}{'/healthz':>8}{'p99':>8}{'max':>8}")
        workers = {name: stack.enter_context(serve(tenant_port, **each)) for name, each in SERVERS.items()}
        found = asyncio.run(capacities(workers, tokens))
        for name, worker in workers.items():
            asyncio.run(overload(name, worker, found[name], tokens))


if __name__ == "__main__":
    main()
