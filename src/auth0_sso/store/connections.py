"""How redis-py connects to the shared store, and when its connections are dropped.

A message is never sent twice: a server that counted, and whose answer was lost, would count again. So no command is
retried, and what may be stale is found out before something is sent.
"""

from contextlib import suppress
from typing import Any, Final

from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from auth0_sso.store.address import StoreAddress, parse_address
from auth0_sso.store.failures import STORE_ERRORS

CONNECTION_TIMEOUT: Final = 2.0
"""How long a connection may take to open or to answer, in seconds: longer than a caller waits for it, since it goes
on being opened after that caller gave up."""


def open_storage(url: str) -> RedisStorage:
    """Return the library's store for an address as `parse_address` takes it; raise `ValueError` for another."""
    address = parse_address(url)
    try:
        storage = storage_from_string(address.url, implementation="redispy", **_options(address))
    except (ConfigurationError, ValueError, TypeError):
        raise ValueError("cannot be read as the address of a Redis") from None
    if not isinstance(storage, RedisStorage):
        raise TypeError("limits gave another store than the scheme names")
    return storage


def _options(address: StoreAddress) -> dict[str, Any]:
    options: dict[str, Any] = {
        "socket_timeout": CONNECTION_TIMEOUT,
        "socket_connect_timeout": CONNECTION_TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
        # Where the pool waits for these it takes a closed connection for a good one.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if address.tls:  # by the system's authorities, or those of SSL_CERT_FILE
        options |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    if address.tls and address.kind != "server":  # whose scheme says so
        options["ssl"] = True
    if address.kind == "sentinel":
        # Replicas may be behind: what was just counted would not be there.
        options |= {"sentinel_kwargs": dict(options), "use_replicas": False}
    return options


async def drop_stale(client: Redis | RedisCluster) -> None:
    """Close idle connections that the server has closed. The pool of a single server looks for itself."""
    if not isinstance(client, RedisCluster):
        return
    for connection in _idle(client):
        with suppress(*STORE_ERRORS):
            if connection.is_connected and await connection.can_read():
                await connection.disconnect(nowait=True)


async def drop_idle(client: Redis | RedisCluster) -> None:
    """Close the idle connections."""
    # Without `nowait` one that is taken meanwhile, and opened anew, would be lost open.
    for connection in _idle(client):
        await connection.disconnect(nowait=True)


async def drop_all(client: Redis | RedisCluster) -> None:
    """Close all connections, those in use included, so that the next command asks anew where the master is.

    The address is looked up again, a Sentinel is asked again, and a cluster's topology is read again.
    """
    if isinstance(client, RedisCluster):
        with suppress(*STORE_ERRORS):
            await client.aclose()
        return
    await drop_idle(client)
    for connection in tuple(client.connection_pool._in_use_connections):  # noqa: SLF001 - redis-py has no public list
        await connection.disconnect(nowait=True)


def _idle(client: Redis | RedisCluster) -> tuple[AbstractConnection, ...]:
    """Return the connections that are not in use."""
    if isinstance(client, RedisCluster):
        return tuple(connection for node in client.get_nodes() for connection in node._free)  # noqa: SLF001 - redis-py has no public list
    return tuple(client.connection_pool._available_connections)  # noqa: SLF001 - redis-py has no public list
