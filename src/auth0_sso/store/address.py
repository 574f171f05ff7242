"""Addresses of a shared store: one server, a Sentinel's master, or a cluster."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_SCHEMES = re.compile(r"(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?|(?:redis|valkey)\+(unix)")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a store is, in the library `limits`' spelling, which may hold a password; and whether by TLS."""

    url: str = field(repr=False)
    kind: str
    """`server`, `unix`, `sentinel` or `cluster`."""
    tls: bool


def parse_address(url: str) -> StoreAddress:
    """Read `redis://host:port/db`, `redis+unix://path`, `redis+sentinel://host:port,host:port/master` or
    `redis+cluster://host:port,host:port`.

    `rediss` (for TLS; not with a socket's path), `valkey` and `valkeys` stand for `redis` in each: Valkey speaks the
    same protocol. Raises `ValueError`, which does not repeat the URL: it may hold a password.
    """
    scheme, _, rest = url.partition("://")
    found = _SCHEMES.fullmatch(scheme)
    if found is None or not rest:
        raise ValueError("is no address of a Redis")
    kind, tls = found[2] or found[3] or "server", bool(found[1])
    if not set(parse_qs(urlsplit(url).query)) <= {"db"}:
        raise ValueError("has a query that is not known")
    if kind == "sentinel" and not urlsplit(url).path.strip("/"):
        raise ValueError("names no master for the Sentinels to find")
    if kind in {"sentinel", "cluster"} and not all(_has_port(host) for host in urlsplit(url).netloc.split(",")):
        raise ValueError("names a host without a port")
    spelled = {"server": "redis" + "s" * tls}.get(kind, f"redis+{kind}")
    return StoreAddress(f"async+{spelled}://{rest}", kind, tls)


def _has_port(host: str) -> bool:
    return bool(re.search(r":\d{1,5}$", host))
