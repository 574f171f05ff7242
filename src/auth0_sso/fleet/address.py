"""Addresses of a shared store: one server, a Sentinel's master, or a cluster."""

import re
from urllib.parse import parse_qs, urlsplit

_SCHEMES = re.compile(r"(?:redis|valkey)(s?|\+unix|\+sentinel|\+cluster)")


def library_address(url: str) -> str:
    """Return the address as the library `limits` spells it; Valkey speaks the protocol of Redis.

    Takes `redis://`, `rediss://` (TLS), `redis+unix://`, `redis+sentinel://` with hosts parted by commas and the
    master's name as its path, `redis+cluster://` with such hosts, and each with `valkey` for `redis`. Raises
    `ValueError`, which does not repeat the URL: it may hold a password.
    """
    scheme, _, rest = url.partition("://")
    found = _SCHEMES.fullmatch(scheme)
    if found is None or not rest:
        raise ValueError("is no address of a Redis")
    kind = found[1]
    if not set(parse_qs(urlsplit(url).query)) <= {"db"}:
        raise ValueError("has a query that is not known")
    if kind == "+sentinel" and not urlsplit(url).path.strip("/"):
        raise ValueError("names no master for the Sentinels to find")
    if kind in {"+sentinel", "+cluster"} and not all(_has_port(host) for host in urlsplit(url).netloc.split(",")):
        raise ValueError("names a host without a port")
    return f"async+redis{kind}://{rest}"


def _has_port(host: str) -> bool:
    return bool(re.search(r":\d{1,5}$", host))
