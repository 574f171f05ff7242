"""The other shapes a store comes in: a cluster, and a master found by Sentinels."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from auth0_sso.fleet.counter import RedisCounter
from auth0_sso.fleet.store import SharedStore
from auth0_sso.limits.counter import Strategy
from auth0_sso.limits.limiter import RateLimiter
from auth0_sso.limits.policy import Policy
from support.process import free_port
from support.redis_server import RedisServer, redis_server

PATIENCE = 15.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Two nodes that have half of the slots each."""
    with ExitStack() as stack:
        nodes = []
        for number in range(2):
            home = tmp_path / str(number)
            home.mkdir()
            options = ("--cluster-enabled", "yes", "--dir", str(home))
            # The bus listens ten thousand ports higher, which must exist.
            port = next(port for port in iter(free_port, 0) if port < 55_000)
            node = RedisServer(*options, port=port)
            stack.callback(node.stop)
            nodes.append(node)
        first, second = nodes
        first.cli("cluster", "addslotsrange", "0", "8191")
        second.cli("cluster", "addslotsrange", "8192", "16383")
        second.cli("cluster", "meet", "127.0.0.1", str(first.port))
        eventually(lambda: all("cluster_state:ok" in node.cli("cluster", "info") for node in nodes))
        eventually(lambda: all(node.cli("cluster", "slots").count("127.0.0.1") == 2 for node in nodes))
        yield nodes


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    """A master and a Sentinel that knows it as `main`."""
    with redis_server() as master:
        port, file = free_port(), tmp_path / "sentinel.conf"
        file.write_text(f"port {port}\nsentinel monitor main 127.0.0.1 {master.port} 1\n")
        guard = RedisServer(str(file), "--sentinel", port=port)
        try:
            eventually(lambda: str(master.port) in guard.cli("sentinel", "get-master-addr-by-name", "main"))
            yield master, guard
        finally:
            guard.stop()


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.05)


async def spend(store: SharedStore, strategy: Strategy) -> None:
    """See many budgets kept, alone and in company."""
    limiter, policy = RateLimiter(RedisCounter(store, strategy)), Policy.parse("5/minute;50/hour")
    for caller in range(20):
        verdicts = await asyncio.gather(*(limiter.take(policy, "GET /{id}", str(caller)) for _ in range(8)))
        assert sum(verdict.allowed for verdict in verdicts) == 5
    assert store.health.state == "up"


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "fixed-window"])
async def test_a_cluster_keeps_counts_on_all_its_nodes(cluster: list[RedisServer], strategy: Strategy) -> None:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in cluster)
    store = SharedStore(f"redis+cluster://{hosts}", timeout=5)
    await spend(store, strategy)
    assert all(int(node.cli("dbsize")) > 0 for node in cluster)
    await store.aclose()


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "fixed-window"])
async def test_a_master_is_found_by_its_sentinel(
    sentinel: tuple[RedisServer, RedisServer], strategy: Strategy
) -> None:
    master, guard = sentinel
    store = SharedStore(f"redis+sentinel://127.0.0.1:{guard.port}/main", timeout=5)
    await spend(store, strategy)
    assert int(master.cli("dbsize")) > 0
    await store.aclose()
