"""Saturation: two workers with one Redis, a thousand connections, 20,000 tokens of 500 users, roles and limits on.

Needs `redis-server` and `wrk`. Everything shares this machine, so the throughput says little; what counts is that no
request is dropped or answered with a 5xx, that no user passes more often than the limit, and that memory stays flat.
Roles are known from the warm-up: the development tenant has no core of its own to answer five hundred look-ups on.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from support.process import COMMAND, environment, eventually, free_port, process
from support.redis_server import redis_server, require_program

CONNECTIONS, SECONDS, WARM_UP = 1000, 30, 15
USERS, TOKENS, LIMIT = 500, 20_000, 30
HERE = Path(__file__).parent


def resident(pids: list[int]) -> float:
    """Return the memory of processes, in MiB."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def wrk(url: str, tokens: Path, *, connections: int, seconds: int) -> tuple[dict[str, float], Counter[str]]:
    """Run wrk; return what it measured, and the answers by status."""
    command = [require_program("wrk"), "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "15s"]
    command += ["-s", str(HERE / "load.lua"), url, "--", str(tokens)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    statuses = Counter(
        {status: int(number) for status, number in re.findall(r"^status (\d+) (\d+)$", printed, re.MULTILINE)}
    )
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.]+)$", printed, re.MULTILINE)}, statuses


def main() -> None:
    """Measure, and print what was found; exit with 1 where something was dropped, failed or let through."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server())
        tenant_port, port = free_port(), free_port()
        tokens, log = home / "tokens", home / "log"
        crowd = [sys.executable, str(HERE / "crowd.py"), str(tenant_port), str(USERS), str(TOKENS), str(tokens)]
        stack.enter_context(process(*crowd))
        eventually(f"http://127.0.0.1:{tenant_port}/.well-known/jwks.json", 200, patience=120)
        variables = {
            "RATE_LIMIT": f"{LIMIT}/hour",
            "RATE_LIMIT_STORAGE_URL": redis.url,
            "AUTH0_ROLE_TTL_SECONDS": "300",
            "AUTH0_TOKEN_CACHE_SIZE": str(TOKENS),
            "LOG_LEVEL": "WARNING",
            "LOG_TO": str(log),
        }
        serve = stack.enter_context(
            process(*COMMAND, "serve", "--workers", "2", **environment(tenant_port, port), **variables)
        )
        url = f"http://127.0.0.1:{port}"
        eventually(f"{url}/readyz", 200)
        children = Path(f"/proc/{serve.pid}/task/{serve.pid}/children").read_text().split()
        workers = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        wrk(url, tokens, connections=8, seconds=WARM_UP)
        wrk(url, tokens, connections=CONNECTIONS, seconds=SECONDS)
        before = resident(workers)
        marks = [(wrk(url, tokens, connections=CONNECTIONS, seconds=SECONDS), resident(workers)) for _ in range(2)]
        passed = int(redis.cli("--raw", "eval", PASSES, "0"))
        print(
            f"{CONNECTIONS} connections, {TOKENS:,} tokens of {USERS} users, 2 workers, Redis, {SECONDS} s, twice:\n"
        )
        answers = sum((statuses for (_, statuses), _ in marks), Counter[str]())
        dropped = sum(measured["dropped"] for (measured, _), _ in marks)
        for (measured, statuses), memory in marks:
            shown = ", ".join(f"{status}: {number:,}" for status, number in sorted(statuses.items()))
            print(
                f"  {measured['requests'] / measured['seconds']:,.0f} requests/s, p50 {measured['p50']:.0f} ms, ",
                end="",
            )
            print(f"p99 {measured['p99']:.0f} ms; {shown}; memory {memory:.0f} MiB")
        failed = sum(number for status, number in answers.items() if status >= "500")
        print(f"\n  dropped {dropped:.0f}, 5xx {failed}, memory after warm-up {before:.0f} MiB")
        print(f"  most passes of one user: {passed} of {LIMIT} allowed")
        print(f"  logged: {log.read_text() or 'nothing'}")
        if dropped or failed or passed > LIMIT:
            sys.exit(1)


# The length of the longest list of hits that a budget has.
PASSES = """
local most = 0
for _, key in ipairs(redis.call('keys', '*:moving-window:*')) do
    most = math.max(most, redis.call('llen', key))
end
return most
"""


if __name__ == "__main__":
    main()
