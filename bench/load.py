"""Load test: `auth0-sso serve` with one worker and two, beside the same app in one plain uvicorn process.

First the latency at 1 to 1,000 connections, as a ratio to plain uvicorn: rounds are interleaved, each value is a
median. Then saturation with two workers. 20,000 tokens of 500 users, with roles, rate limits and one Redis. Needs
`redis-server` and `wrk`.

Everything runs on this machine: wrk, Redis and the tenant take a part of the cores from the workers: two workers on
two cores cannot serve twice as much as one. The CPU time of a request does not depend on that. The test requires that
no median latency is far above plain uvicorn's, that no request is dropped or gets a 5xx, and that no user exceeds the
rate limit, and shows that memory stays constant. The warm-up fills the role cache, because the development tenant has
no core of its own for five hundred look-ups.
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
from statistics import median

from support.process import environment, eventually, free_port, process
from support.redis_server import RedisServer, redis_server, require_program

CONNECTION_STEPS, ROUNDS, STEP_SECONDS = (1, 8, 64, 1000), 3, 3
CONNECTIONS, SECONDS, WARM_UP = 1000, 30, 10
USERS, TOKENS, LIMIT = 500, 20_000, 30
MAX_RATIO = 3.0
"""Of a median latency to that of plain uvicorn: more than a busy machine explains. Without TCP_NODELAY it was 88."""
# With its own server on uvloop, plain uvicorn accepts only a part of 1,000 connections during a step: decision 0012.
SERVERS = {
    "plain uvicorn": [
        *("-m", "uvicorn", "--factory", "auth0_sso:create_app", "--loop", "asyncio"),
        *("--no-access-log", "--log-level", "warning", "--port", "PORT"),
    ],
    "1 worker": ["-m", "auth0_sso", "serve"],
    "2 workers": ["-m", "auth0_sso", "serve", "--workers", "2"],
}
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run of wrk; latencies in ms."""

    per_second: float
    p50: float
    p99: float
    cpu: float
    """CPU time of a request in the server's processes, in µs."""
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

    def cpu_seconds(self) -> float:
        """Return the CPU time of the worker processes so far."""
        ticks = sum(sum(map(int, Path(f"/proc/{pid}/stat").read_text().split()[13:15])) for pid in self.pids)
        return ticks / os.sysconf("SC_CLK_TCK")


def wrk(serving: Serving, tokens: Path, *, connections: int, seconds: int) -> Run:
    """Run wrk; return its measurements and the responses by status."""
    command = [require_program("wrk"), "-t", "1", "-c", str(connections), "-d", f"{seconds}s"]
    command += ["--timeout", "15s", "-s", str(HERE / "load.lua"), serving.url, "--", str(tokens)]
    before = serving.cpu_seconds()
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    measured = {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.]+)$", printed, re.MULTILINE)}
    statuses = {status: int(number) for status, number in re.findall(r"^status (\d+) (\d+)$", printed, re.MULTILINE)}
    return Run(
        measured["requests"] / measured["seconds"],
        measured["p50"],
        measured["p99"],
        (serving.cpu_seconds() - before) / measured["requests"] * 1_000_000,
        int(measured["dropped"]),
        Counter(statuses),
    )


@contextmanager
def serve(command: list[str], tenant_port: int, redis: RedisServer, log: Path) -> Iterator[Serving]:
    """Run the service until the block ends."""
    port = free_port()
    variables = environment(tenant_port, port) | {
        "RATE_LIMIT": f"{LIMIT}/hour",
        "RATE_LIMIT_STORAGE_URL": redis.url,
        "AUTH0_ROLE_TTL_SECONDS": "300",
        "AUTH0_TOKEN_CACHE_SIZE": str(TOKENS),
        "LOG_LEVEL": "WARNING",
        "MAX_QUEUE_DELAY_SECONDS": "60",  # load shedding is for bench/overload.py
        "LOG_TO": str(log),
    }
    arguments = [word.replace("PORT", str(port)) for word in command]
    with process(sys.executable, *arguments, **variables) as running:
        url = f"http://127.0.0.1:{port}"
        eventually(f"{url}/readyz", 200)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        spawned = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        yield Serving(url, spawned or [running.pid])


def measure_steps(servers: dict[str, Serving], tokens: Path) -> tuple[list[Run], list[str]]:
    """Measure each server at each number of connections, and print a table; return all runs, and what is slow."""
    runs, slow = list[Run](), list[str]()
    for connections in CONNECTION_STEPS:
        measured = dict[str, list[Run]]({name: [] for name in servers})
        for _ in range(ROUNDS):
            for name, serving in servers.items():
                measured[name].append(wrk(serving, tokens, connections=connections, seconds=STEP_SECONDS))
        plain = median(run.p50 for run in measured["plain uvicorn"])
        for name, of_one in measured.items():
            ratio = median(run.p50 for run in of_one) / plain
            print(line(name, connections, of_one, ratio), flush=True)
            slow += [f"{name} at {connections}: {ratio:.1f}"] if ratio > MAX_RATIO else []
            runs += of_one
    return runs, slow


def line(name: str, connections: int, runs: list[Run], ratio: float) -> str:
    """Return a line of the table: the medians of the runs, and the ratio of their latency to plain uvicorn's."""
    per_second, cpu = median(run.per_second for run in runs), median(run.cpu for run in runs)
    p50, p99 = median(run.p50 for run in runs), median(run.p99 for run in runs)
    return f"  {name:<14}{connections:>11,}{per_second:>12,.0f}{p50:>10.2f}{ratio:>10.2f}{p99:>10.1f}{cpu:>10.0f}"


def saturate(serving: Serving, tokens: Path) -> list[Run]:
    """Measure at saturation for longer, twice, and print the memory."""
    wrk(serving, tokens, connections=CONNECTIONS, seconds=SECONDS)
    before = serving.resident()
    print(f"\n{CONNECTIONS} connections, 2 workers, {SECONDS} s, twice; memory after warm-up {before:.0f} MiB:\n")
    runs = []
    for _ in range(2):
        run = wrk(serving, tokens, connections=CONNECTIONS, seconds=SECONDS)
        runs.append(run)
        shown = ", ".join(f"{status}: {number:,}" for status, number in sorted(run.statuses.items()))
        print(f"  {run.per_second:,.0f} requests/s, p50 {run.p50:.0f} ms, p99 {run.p99:.0f} ms; {shown}; ", end="")
        print(f"memory {serving.resident():.0f} MiB", flush=True)
    return runs


def main() -> None:
    """Measure and print the result; exit with 1 if responses were slow, dropped or a 5xx, or a limit was exceeded."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server())
        tenant_port, tokens = free_port(), home / "tokens"
        crowd = [sys.executable, str(HERE / "crowd.py"), str(tenant_port), str(USERS), str(TOKENS), str(tokens)]
        stack.enter_context(process(*crowd))
        eventually(f"http://127.0.0.1:{tenant_port}/.well-known/jwks.json", 200, timeout=120)
        servers = {
            name: stack.enter_context(serve(command, tenant_port, redis, home / f"log of {name}"))
            for name, command in SERVERS.items()
        }
        for serving in servers.values():
            wrk(serving, tokens, connections=8, seconds=WARM_UP)
        print(f"{TOKENS:,} tokens of {USERS} users, Redis, medians of {ROUNDS} rounds of {STEP_SECONDS} s:\n")
        print("  server        connections  requests/s    p50 ms  to plain    p99 ms    CPU µs")
        runs, slow = measure_steps(servers, tokens)
        runs += saturate(servers["2 workers"], tokens)
        passed = int(redis.cli("--raw", "eval", MAX_REQUESTS_OF_ONE_USER, "0"))
        dropped, failed = sum(run.dropped for run in runs), sum(run.failed for run in runs)
        print(f"\n  dropped {dropped}, 5xx {failed}, slow beside plain uvicorn: {', '.join(slow) or 'none'}")
        print(f"  maximum of one user: {passed} requests, limit {LIMIT}")
        logged = "".join(log.read_text() for log in home.glob("log of *"))
        print(f"  logged: {logged or 'nothing'}")
        if slow or dropped or failed or passed > LIMIT:
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
