"""What an error of redis-py means: one word for it, and whether a new connection may help."""

import re
from ssl import SSLError
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

STORE_ERRORS: Final = (TimeoutError, OSError, RedisError, RedisClusterException)  # the last is no RedisError
LOST_CONNECTION: Final = (RedisConnectionError, RedisTimeoutError)

# The replies of a server that is not the master, or takes no writes as one. A demoted master still replies to reads.
_NOT_THE_MASTER: Final = frozenset({"READONLY", "MASTERDOWN", "NOREPLICAS", "UNBLOCKED", "CLUSTERDOWN"})
# The code of an error. Before version 7 Redis wrapped what a script met: "ERR Error running script (...): -READONLY".
_CODE: Final = re.compile(r"(?:^|-)([A-Z]{2,20})\b")


def needs_new_connection(reply: object) -> bool:
    """Return whether a reply is an error that a new connection may not meet: the master can have moved."""
    if not isinstance(reply, Exception):
        return False
    return isinstance(reply, LOST_CONNECTION) or not _NOT_THE_MASTER.isdisjoint(_codes(reply))


def reason_of(error: Exception) -> str:
    """Return one word for an error, without its text, which may name the store's address or user."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error.__context__, SSLError):  # most likely the certificate
        return "tls"
    codes = _codes(error) - {"ERR"}
    if type(error) is ResponseError and len(codes) == 1:
        return codes.pop().lower()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def _codes(error: Exception) -> set[str]:
    if not isinstance(error, ResponseError):
        return set()
    code: str | None = getattr(error, "status_code", None)  # from redis-py 7.2 on
    return {code} if code else set(_CODE.findall(str(error)))
