"""The other shapes a store comes in: a cluster, and a master found by Sentinels."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.ratelimit.limiter import RateLimiter, Strategy
from auth0_sso.ratelimit.memory import MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.store.availability import StoreHealth
from auth0_sso.store.store import RedisStore
from support.certificates import Certificate, make_certificate
from support.process import free_port
from support.redis_server import RedisServer, redis_server

PATIENCE = 15.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Two nodes that have half of the slots each."""
    with cluster_in(tmp_path) as nodes:
        yield nodes


@contextmanager
def cluster_in(folder: Path, tls: Certificate | None = None) -> Iterator[list[RedisServer]]:
    with ExitStack() as stack:
        nodes = []
        for number in range(2):
            home = folder / str(number)
            home.mkdir()
            bus = () if tls is None else ("--tls-cluster", "yes")
            options = ("--cluster-enabled", "yes", *bus, "--dir", str(home))
            # The bus listens ten thousand ports higher, which must exist.
            port = next(port for port in iter(free_port, 0) if port < 55_000)
            node = RedisServer(*options, port=port, tls=tls)
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
    with redis_server() as master, sentinel_of(master, tmp_path) as guard:
        yield master, guard


@contextmanager
def sentinel_of(master: RedisServer, folder: Path, tls: Certificate | None = None) -> Iterator[RedisServer]:
    file = folder / "sentinel.conf"
    file.write_text(f"sentinel monitor main 127.0.0.1 {master.port} 1\n")
    guard = RedisServer(str(file), "--sentinel", tls=tls)
    try:
        eventually(lambda: str(master.port) in guard.cli("sentinel", "get-master-addr-by-name", "main"))
        yield guard
    finally:
        guard.stop()


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


async def spend(store: RedisStore, strategy: Strategy = "moving-window", callers: str = "caller") -> None:
    """Check many budgets, each spent by requests at once."""
    limiter, policy = (
        RateLimiter(MemoryCounter(), RedisCounter(store, strategy), on_store_error="deny"),
        Policy.parse("5/minute;50/hour"),
    )
    for number in range(20):
        results = await asyncio.gather(*(limiter.hit(policy, "GET /{id}", f"{callers} {number}") for _ in range(8)))
        assert sum(result.allowed for result in results) == 5
    assert store.health.state == "up"


async def spend_again(store: RedisStore, callers: str) -> None:
    """Wait until budgets are kept again; the requests come at once, as in a busy process."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreUnavailableError):
                return await spend(store, callers=f"{callers} {time.monotonic()}")
            await asyncio.sleep(0.05)


def take_over(node: RedisServer, slots: tuple[str, str], *, of: RedisServer | None) -> None:
    """Move slots from a node, which may be gone, to another."""
    for each in (node,) if of is None else (node, of):
        each.cli("flushall")
        each.cli("cluster", "delslotsrange", *slots)
    node.cli("cluster", "addslotsrange", *slots)
    node.cli("cluster", "bumpepoch")


async def test_one_server_is_reached_by_a_unix_socket(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(socket)) as server:
        store = RedisStore(f"redis+unix://{socket}?db=3", timeout=5)
        await spend(store)
        assert "db3:keys=" in server.cli("info", "keyspace")
        await store.aclose()


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "fixed-window"])
async def test_a_cluster_keeps_counts_on_all_its_nodes(cluster: list[RedisServer], strategy: Strategy) -> None:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in cluster)
    store = RedisStore(f"redis+cluster://{hosts}", timeout=5)
    await spend(store, strategy)
    assert all(int(node.cli("dbsize")) > 0 for node in cluster)
    await store.aclose()


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "fixed-window"])
async def test_a_master_is_found_by_its_sentinel(
    sentinel: tuple[RedisServer, RedisServer], strategy: Strategy
) -> None:
    master, guard = sentinel
    store = RedisStore(f"redis+sentinel://127.0.0.1:{guard.port}/main", timeout=5)
    await spend(store, strategy)
    assert int(master.cli("dbsize")) > 0
    await store.aclose()


async def test_a_sentinels_master_is_used_by_its_database_and_closed(
    sentinel: tuple[RedisServer, RedisServer],
) -> None:
    master, guard = sentinel
    store = RedisStore(f"redis+sentinel://127.0.0.1:{guard.port}/main?db=2", timeout=5)
    await spend(store)
    assert "db2:keys=" in master.cli("info", "keyspace")
    await store.aclose()
    eventually(lambda: not any("lib-name=redis-py" in server.cli("client", "list") for server in sentinel))


async def test_moved_slots_are_found_by_batches(cluster: list[RedisServer]) -> None:
    first, second = cluster
    store = RedisStore(f"redis+cluster://127.0.0.1:{first.port}", timeout=5)
    await spend(store)
    take_over(second, ("0", "8191"), of=first)
    eventually(lambda: all("cluster_state:ok" in node.cli("cluster", "info") for node in cluster))
    started = time.monotonic()
    await spend(store, callers="after the move")
    assert time.monotonic() - started < 4  # no command waits for its timeout
    assert int(first.cli("dbsize")) == 0
    await store.aclose()


async def test_a_cluster_is_read_again_when_a_node_is_gone(cluster: list[RedisServer]) -> None:
    first, second = cluster
    store = RedisStore(f"redis+cluster://127.0.0.1:{first.port},127.0.0.1:{second.port}", timeout=5)
    await spend(store)
    first.stop()
    take_over(second, ("0", "8191"), of=None)
    await spend_again(store, "after the loss")
    await store.aclose()


async def test_a_connection_to_a_cluster_closed_while_idle_fails_no_command(
    cluster: list[RedisServer],
) -> None:
    store = RedisStore(f"redis+cluster://127.0.0.1:{cluster[0].port}", timeout=5)
    for number in range(3):
        await spend(store, callers=f"round {number}")
        for node in cluster:
            node.cli("client", "kill", "type", "normal")
        await asyncio.sleep(0.01)  # the loop reads that they were closed
    await store.aclose()


async def test_after_a_failover_by_sentinel_the_new_master_counts(tmp_path: Path) -> None:
    with redis_server() as master, redis_server("--replicaof", f"127.0.0.1 {master.port}") as replica:
        eventually(lambda: "master_link_status:up" in replica.cli("info", "replication"))
        with sentinel_of(master, tmp_path) as guard:
            store = RedisStore(f"redis+sentinel://127.0.0.1:{guard.port}/main", timeout=5)
            await spend(store)
            eventually(lambda: "OK" in guard.cli("sentinel", "failover", "main"))
            eventually(lambda: str(replica.port) in guard.cli("sentinel", "get-master-addr-by-name", "main"))
            # As the Sentinel does some seconds later. The old master stays up, and replies to reads.
            master.cli("replicaof", "127.0.0.1", str(replica.port))
            await spend_again(store, "after the failover")
            assert "role:master" in replica.cli("info", "replication")
            await store.aclose()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate that this process trusts."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    return made


async def test_one_server_is_reached_by_tls(certificate: Certificate) -> None:
    with redis_server(tls=certificate) as server:
        store = RedisStore(server.url, timeout=5)
        await spend(store)
        assert server.url.startswith("rediss:")
        await store.aclose()


async def test_all_nodes_of_a_cluster_are_reached_by_tls(certificate: Certificate, tmp_path: Path) -> None:
    with cluster_in(tmp_path, certificate) as nodes:
        store = RedisStore(f"rediss+cluster://127.0.0.1:{nodes[0].port}", timeout=5)
        await spend(store)
        assert all(int(node.cli("dbsize")) > 0 for node in nodes)
        await store.aclose()


async def test_sentinel_and_master_are_reached_by_tls(certificate: Certificate, tmp_path: Path) -> None:
    with redis_server(tls=certificate) as master, sentinel_of(master, tmp_path, certificate) as guard:
        store = RedisStore(f"rediss+sentinel://127.0.0.1:{guard.port}/main", timeout=5)
        await spend(store)
        assert int(master.cli("dbsize")) > 0
        await store.aclose()


@pytest.mark.parametrize("made_for", ["127.0.0.1", "127.0.0.2"], ids=["by-an-unknown-authority", "for-another-host"])
@pytest.mark.parametrize(
    ("scheme", "path", "reason"),
    [
        ("rediss", "", "tls"),
        ("rediss+cluster", "", "redis_cluster_exception"),
        ("rediss+sentinel", "/main", "master_not_found"),
    ],
)
async def test_a_server_without_a_trusted_certificate_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_for: str, scheme: str, path: str, reason: str
) -> None:
    made = make_certificate(tmp_path, made_for)
    if made_for != "127.0.0.1":
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    with redis_server(tls=made) as server:
        store = RedisStore(f"{scheme}://:the-word@127.0.0.1:{server.port}{path}", timeout=5)
        await store.open()
        assert store.health == StoreHealth("down", reason)
        assert "cmdstat_" not in server.cli("info", "commandstats")  # not even the password was sent
        await store.aclose()
