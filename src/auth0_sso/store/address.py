"""The address of a shared store: one server, a master found by Sentinels, or a cluster. Needs no redis-py."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_SCHEMES: Final = re.compile(r"(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?|(?:redis|valkey)\+(unix)")
_HOST: Final = re.compile(r"(?:\[([^][]+)\]|([^][:]+)):(\d{1,5})")
_MAX_PORT: Final = 65_535
_DATABASE: Final = re.compile(r"\d{1,5}")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a store is, and how to log in there."""

    kind: str
    """`server`, `unix`, `sentinel` or `cluster`."""
    hosts: tuple[tuple[str, int], ...] = ()
    """Host and port of the server, or of each Sentinel or node of a cluster that is named."""
    path: str = ""
    """The file of a `unix` socket."""
    master: str = ""
    """The name under which Sentinels know the master."""
    tls: bool = False
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_address(url: str) -> StoreAddress:
    """Read `redis://host:port/db`, `redis+unix:///path?db=1`, `redis+sentinel://host:port,host:port/master?db=1` or
    `redis+cluster://host:port,host:port`, each with `user:password@` before the hosts where needed.

    `rediss` (for TLS; not with a unix socket), `valkey` and `valkeys` stand for `redis` in each: Valkey speaks the
    same protocol. Characters with a meaning in URLs are percent-encoded (RFC 3986 section 2.1). Raises `ValueError`,
    which does not repeat the URL: it may hold a password.
    """
    scheme, _, rest = url.partition("://")
    found = _SCHEMES.fullmatch(scheme)
    if found is None or not rest:
        raise ValueError("is not the address of a Redis")
    kind = found[2] or found[3] or "server"
    parts = _split(url)
    path = unquote(parts.path)
    return StoreAddress(
        kind,
        _no_host(parts, path) if kind == "unix" else _hosts(parts, kind),
        path=path if kind == "unix" else "",
        master=_master(path) if kind == "sentinel" else "",
        tls=bool(found[1]),
        database=_database(parts, kind),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # its message may repeat a part of the URL
        raise ValueError("is not the address of a Redis") from None


def _hosts(parts: SplitResult, kind: str) -> tuple[tuple[str, int], ...]:
    found = [_HOST.fullmatch(host) for host in _netloc(parts).split(",")]
    hosts = tuple((unquote(host[1] or host[2]).lower(), int(host[3])) for host in found if host is not None)
    if len(hosts) < len(found) or not all(1 <= port <= _MAX_PORT for _, port in hosts):
        raise ValueError("names a host without a port")
    if kind == "server" and len(hosts) > 1:
        raise ValueError("names several hosts, and neither redis+sentinel nor redis+cluster")
    return hosts


def _no_host(parts: SplitResult, path: str) -> tuple[()]:
    if _netloc(parts) or not path:
        raise ValueError("is not the address of a Redis: a unix socket has a path and no host")
    return ()


def _netloc(parts: SplitResult) -> str:
    """Return the hosts, without the credentials before them."""
    return parts.netloc.rpartition("@")[2]


def _master(path: str) -> str:
    master = path.strip("/")
    if not master:
        raise ValueError("names no master for the Sentinels to find")
    return master


def _database(parts: SplitResult, kind: str) -> int:
    query = parse_qs(parts.query, keep_blank_values=True)
    if not query.keys() <= {"db"}:
        raise ValueError("has a query other than db")
    in_path = parts.path.strip("/") if kind in {"server", "cluster"} else ""
    text = query["db"][0] if query else in_path or "0"
    if not _DATABASE.fullmatch(text):
        raise ValueError("names a database that is not a number")
    if kind == "cluster" and int(text):
        raise ValueError("names a database of a cluster, which has number 0 alone")
    return int(text)
