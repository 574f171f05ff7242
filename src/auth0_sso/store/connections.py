"""How redis-py connects to the shared store, and when its connections are closed.

A command is never sent twice: a server that counted, and whose reply was lost, would count again. So no command is
retried, and a connection that the server has closed is found before something is sent over it.
"""

from contextlib import suppress
from inspect import signature
from typing import Any, Final

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from auth0_sso.store.address import StoreAddress
from auth0_sso.store.failures import STORE_ERRORS

CONNECTION_TIMEOUT: Final = 2.0
"""How long a connection may take to open or to reply, in seconds: longer than a caller waits for it, since it goes
on being opened after that caller gave up."""
_MAX_CLUSTER_CONNECTIONS: Final = 1000
# A pool that waits for these, as from redis-py 8.1 on, takes a closed connection for a good one.
_NO_MAINTENANCE_NOTIFICATIONS: Final[dict[str, Any]] = (
    {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}
    if "maint_notifications_config" in signature(Redis).parameters
    else {}
)

Client = Redis | RedisCluster


def open_client(address: StoreAddress) -> Client:
    """Return a client for a store; it connects at the first command."""
    options = _options(address)
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, max_connections=_MAX_CLUSTER_CONNECTIONS, **options)
    if address.kind == "sentinel":
        sentinel = Sentinel(address.hosts, sentinel_kwargs=options, db=address.database, **options)  # type: ignore[no-untyped-call]  # redis-py gives it no types
        master: Redis = sentinel.master_for(address.master)
        return master
    if address.kind == "unix":
        return Redis(unix_socket_path=address.path, db=address.database, **options)
    ((host, port),) = address.hosts
    return Redis(host=host, port=port, db=address.database, **options)


def _options(address: StoreAddress) -> dict[str, Any]:
    options: dict[str, Any] = {
        "username": address.username,
        "password": address.password,
        "socket_timeout": CONNECTION_TIMEOUT,
        "socket_connect_timeout": CONNECTION_TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
    } | _NO_MAINTENANCE_NOTIFICATIONS
    if address.tls:  # by the system's certificate authorities, or those of SSL_CERT_FILE
        options |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
    return options


async def close(client: Client) -> None:
    """Close all connections, those to Sentinels included."""
    await client.aclose()
    pool = None if isinstance(client, RedisCluster) else client.connection_pool
    if isinstance(pool, SentinelConnectionPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


async def drop_stale(client: Client) -> None:
    """Close idle connections that the server has closed. The pool of a single server does so itself."""
    if not isinstance(client, RedisCluster):
        return
    for connection in _idle(client):
        with suppress(*STORE_ERRORS):
            if connection.is_connected and await connection.can_read():
                await connection.disconnect(nowait=True)


async def drop_idle(client: Client) -> None:
    """Close the idle connections."""
    # Without `nowait` one that is taken meanwhile, and opened again, would be lost open.
    for connection in _idle(client):
        await connection.disconnect(nowait=True)


async def drop_all(client: Client) -> None:
    """Close all connections, those in use included, so that the next command asks again where the master is.

    The address is looked up again, a Sentinel is asked again, and a cluster's topology is read again.
    """
    if isinstance(client, RedisCluster):
        with suppress(*STORE_ERRORS):
            await client.aclose()
        return
    await drop_idle(client)
    for connection in tuple(client.connection_pool._in_use_connections):  # noqa: SLF001 - redis-py has no public list
        await connection.disconnect(nowait=True)


def _idle(client: Client) -> tuple[AbstractConnection, ...]:
    """Return the connections that are not in use."""
    if isinstance(client, RedisCluster):
        return tuple(connection for node in client.get_nodes() for connection in node._free)  # noqa: SLF001 - redis-py has no public list
    return tuple(client.connection_pool._available_connections)  # noqa: SLF001 - redis-py has no public list
