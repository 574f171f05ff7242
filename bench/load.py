"""Load test: latency at 1 to 1,000 connections, with one worker and two; then saturation with two workers.

20,000 tokens of 500 users, with roles, rate limits and one Redis. Needs `redis-server` and `wrk`. Everything runs on
this machine, so the throughput means little. The test checks that a single connection has low latency, that no
request is dropped or gets a 5xx, and that no user exceeds the rate limit, and shows that memory stays constant. The
warm-up fills the role cache, because the development tenant has no core of its own for five hundred look-ups.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.process import COMMAND, environment, eventually, free_port, process
from support.redis_server import RedisServer, redis_server, require_program

CONNECTION_STEPS, STEP_SECONDS = (1, 8, 64, 1000), 5
CONNECTIONS, SECONDS, WARM_UP = 1000, 30, 15
USERS, TOKENS, LIMIT = 500, 20_000, 30
MAX_SINGLE_P50 = 20.0
"""In ms. Without TCP_NODELAY, a response waits 40 ms for the client's delayed ACK."""
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run of wrk; latencies in ms."""

    per_second: float
    p50: float
    p99: float
    dropped: int
    statuses: Counter[str]

    @property
    def failed(self) -> int:
        """The number of 5xx responses."""
        return sum(number for status, number in self.statuses.items() if status >= "500")


@dataclass(frozen=True, slots=True)
class Serving:
    """A running service: its URL and its worker processes."""

    url: str
    pids: list[int]

    def resident(self) -> float:
        """Return the resident memory of the worker processes, in MiB."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def wrk(url: str, tokens: Path, *, connections: int, seconds: int) -> Run:
    """Run wrk; return its measurements and the responses by status."""
    command = [require_program("wrk"), "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{seconds}s"]
    command += ["--timeout", "15s", "-s", str(HERE / "load.lua"), url, "--", str(tokens)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    measured = {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.]+)$", printed, re.MULTILINE)}
    statuses = {status: int(number) for status, number in re.findall(r"^status (\d+) (\d+)$", printed, re.MULTILINE)}
    return Run(
        measured["requests"] / measured["seconds"],
        measured["p50"],
        measured["p99"],
        int(measured["dropped"]),
        Counter(statuses),
    )


@contextmanager
def serve(workers: int, tenant_port: int, redis: RedisServer, log: Path) -> Iterator[Serving]:
    """Run the service until the block ends."""
    port = free_port()
    variables = environment(tenant_port, port) | {
        "RATE_LIMIT": f"{LIMIT}/hour",
        "RATE_LIMIT_STORAGE_URL": redis.url,
        "AUTH0_ROLE_TTL_SECONDS": "300",
        "AUTH0_TOKEN_CACHE_SIZE": str(TOKENS),
        "LOG_LEVEL": "WARNING",
        "LOG_TO": str(log),
    }
    with process(*COMMAND, "serve", "--workers", str(workers), **variables) as running:
        url = f"http://127.0.0.1:{port}"
        eventually(f"{url}/readyz", 200)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        spawned = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        yield Serving(url, spawned or [running.pid])


def measure_steps(serving: Serving, tokens: Path, workers: int) -> list[Run]:
    """Measure at each number of connections, and print a line for each."""
    wrk(serving.url, tokens, connections=8, seconds=WARM_UP)
    runs = []
    for connections in CONNECTION_STEPS:
        run = wrk(serving.url, tokens, connections=connections, seconds=STEP_SECONDS)
        runs.append(run)
        print(f"  {workers:>7}{connections:>13,}{run.per_second:>12,.0f}{run.p50:>11.1f}{run.p99:>11.1f}", flush=True)
    return runs


def saturate(serving: Serving, tokens: Path) -> list[Run]:
    """Measure at saturation for longer, twice, and print the memory."""
    wrk(serving.url, tokens, connections=CONNECTIONS, seconds=SECONDS)
    before = serving.resident()
    print(f"\n{CONNECTIONS} connections, 2 workers, {SECONDS} s, twice; memory after warm-up {before:.0f} MiB:\n")
    runs = []
    for _ in range(2):
        run = wrk(serving.url, tokens, connections=CONNECTIONS, seconds=SECONDS)
        runs.append(run)
        shown = ", ".join(f"{status}: {number:,}" for status, number in sorted(run.statuses.items()))
        print(f"  {run.per_second:,.0f} requests/s, p50 {run.p50:.0f} ms, p99 {run.p99:.0f} ms; {shown}; ", end="")
        print(f"memory {serving.resident():.0f} MiB", flush=True)
    return runs


def main() -> None:
    """Measure and print the result; exit with 1 if a response was slow, dropped or a 5xx, or a limit was exceeded."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server())
        tenant_port, tokens, log = free_port(), home / "tokens", home / "log"
        crowd = [sys.executable, str(HERE / "crowd.py"), str(tenant_port), str(USERS), str(TOKENS), str(tokens)]
        stack.enter_context(process(*crowd))
        eventually(f"http://127.0.0.1:{tenant_port}/.well-known/jwks.json", 200, timeout=120)
        print(f"{TOKENS:,} tokens of {USERS} users, Redis, {STEP_SECONDS} s each:\n")
        print("  workers  connections  requests/s     p50 ms     p99 ms")
        with serve(1, tenant_port, redis, home / "log-of-one") as serving:
            alone = measure_steps(serving, tokens, 1)
        with serve(2, tenant_port, redis, log) as serving:
            shared = measure_steps(serving, tokens, 2)
            runs = alone + shared + saturate(serving, tokens)
        passed = int(redis.cli("--raw", "eval", MAX_REQUESTS_OF_ONE_USER, "0"))
        dropped, failed = sum(run.dropped for run in runs), sum(run.failed for run in runs)
        late = [run.p50 for run in (alone[0], shared[0]) if run.p50 > MAX_SINGLE_P50]
        print(f"\n  dropped {dropped}, 5xx {failed}, slow responses of a single connection: {late or 'none'}")
        print(f"  maximum of one user: {passed} requests, limit {LIMIT}")
        print(f"  logged: {(home / 'log-of-one').read_text() + log.read_text() or 'nothing'}")
        if late or dropped or failed or passed > LIMIT:
            sys.exit(1)


# The number of requests in the largest budget.
MAX_REQUESTS_OF_ONE_USER = """
local max = 0
for _, key in ipairs(redis.call('keys', '*:moving-window:*')) do
    max = math.max(max, redis.call('llen', key))
end
return max
"""


if __name__ == "__main__":
    main()
