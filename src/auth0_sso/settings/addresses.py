"""Settings that name a place: domains, URLs, browser origins, networks and addresses to listen on.

Each check takes a text and returns it in the form it is kept in, or raises `ValueError` with a sentence that follows
the setting's name and never repeats the value.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

EXAMPLE_DOMAIN: Final = "your-tenant.auth0.example"
"""What .env.example shows as the tenant's domain: of a top-level domain that no tenant has (RFC 2606 section 2)."""

EXAMPLE_DOMAINS: Final = frozenset({EXAMPLE_DOMAIN, "tenant.eu.auth0.com"})
"""That, and what it was before, which may be a real tenant: no secret may be sent there by mistake."""

STILL_AN_EXAMPLE: Final = "still has the example's value"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

# ASCII alone: without that, IGNORECASE lets the Kelvin sign pass for a k.
_FLAGS = re.ASCII | re.IGNORECASE
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", _FLAGS)
_PORT = re.compile(r"(.*?)(?::(\d{1,5}))?", _FLAGS)
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))(?:[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2})+)+", _FLAGS)
_SCHEME = re.compile(r"https?://", _FLAGS)

# 10.0.0.0/8 is the widest private network of IPv4, and no registry gives a network of IPv6 wider than a /16 away.
_MIN_PREFIX = {4: 8, 6: 16}
_LOCAL_IPV6 = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")


def plain(value: str) -> str:
    """Return a text that has no whitespace and no control or invisible character anywhere."""
    if " " in value or not value.isprintable():
        raise ValueError("has whitespace or a control character in it")
    return value


def split_url(value: str) -> SplitResult:
    """Return the parts of a URL."""
    try:
        return urlsplit(value)
    except ValueError:  # its sentence would repeat the host, and a password before it
        raise ValueError("is not a URL") from None


def base_url(value: str) -> str:
    """Return the URL of a host, in lower case and with a slash behind: https, or http on a loopback host."""
    parts = split_url(plain(value))
    if parts.scheme not in _DEFAULT_PORTS or not _is_host(parts.netloc) or parts.query or parts.fragment:
        raise ValueError("is not a URL")
    if parts.path not in {"", "/"}:
        raise ValueError("has a path")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("is plain http, which only a loopback host may use")
    if parts.hostname in EXAMPLE_DOMAINS:
        raise ValueError(STILL_AN_EXAMPLE)
    return f"{parts.scheme}://{parts.netloc.lower()}/"


def collector_url(value: str) -> str:
    """Return the base URL of an OpenTelemetry collector; a password in it would be in log lines."""
    parts = split_url(plain(value))
    if parts.scheme not in _DEFAULT_PORTS or not _is_host(parts.netloc) or parts.query or parts.fragment:
        raise ValueError("is not the base URL of a collector")
    return value


def public_url(value: str) -> str:
    """Return the base URL of an API, which may have a path, without a slash at its end: https, or http on loopback.

    The path is written as clients send it: percent-encoded, without dot segments (RFC 3986 section 6.2.2).
    """
    parts = split_url(plain(value))
    base = base_url(parts._replace(path="").geturl()).removesuffix("/")
    path = parts.path.rstrip("/")
    if path and not _PATH.fullmatch(path):
        raise ValueError("has a path that clients would not send as it is")
    return base + path


def management_audience(value: str) -> str:
    """Return the identifier of a tenant's Management API, which is always its URL with api/v2/ behind."""
    base, found, rest = plain(value).removesuffix("/").rpartition("/api/v2")
    if not found or rest:
        raise ValueError("is not the identifier of a Management API")
    return f"{base_url(base)}api/v2/"


def bare_domain(value: str) -> str:
    """Return a domain in lower case, without the https:// and the slash it may be copied with."""
    domain = plain(value.strip(" "))
    domain = domain[found.end() :] if (found := _SCHEME.match(domain)) else domain
    domain = domain.removesuffix("/")
    if "[" in domain or not _is_host(domain):
        raise ValueError("is not a domain")
    if domain.lower() in EXAMPLE_DOMAINS:
        raise ValueError(STILL_AN_EXAMPLE)
    return domain.lower()


def browser_origin(value: str) -> str:
    """Return an origin as browsers write it: in lower case, without its scheme's own port (RFC 6454 section 6.2)."""
    scheme, _, host = value.partition("://")
    default = _DEFAULT_PORTS.get(scheme.lower())
    if default is None or not _is_host(host):
        raise ValueError("names something that is not an origin")
    return f"{scheme}://{host}".lower().removesuffix(default)


def proxy_network(value: str) -> str:
    """Return an address or network of trusted proxies; one that is too wide would trust any client."""
    try:
        network = ip_network(value)
    except ValueError:
        raise ValueError("names something that is neither an address nor a network") from None
    if network.prefixlen < _min_prefix(network):
        raise ValueError("trusts a network so wide that clients could name their own address")
    return value


def _min_prefix(network: IPv4Network | IPv6Network) -> int:
    if isinstance(network, IPv6Network):
        if network.subnet_of(_IPV4_MAPPED):
            return _IPV4_MAPPED.prefixlen + _MIN_PREFIX[4]
        if any(network.subnet_of(local) for local in _LOCAL_IPV6):
            return 0
    return _MIN_PREFIX[network.version]


def _is_host(text: str) -> bool:
    """Whether a text is a host name, an IPv4 address or an IPv6 address in brackets, with or without a port."""
    found = _PORT.fullmatch(text)
    if found is None or not 1 <= int(found[2] or 1) <= 65535:
        return False
    return _is_ipv6(found[1]) or (bool(_NAME.fullmatch(found[1])) and _is_not_a_broken_ipv4(found[1]))


def _is_not_a_broken_ipv4(name: str) -> bool:
    """Whether a name that ends in a number is an IPv4 address: no client connects to it otherwise (WHATWG URL)."""
    return not name.rpartition(".")[2].isdecimal() or _is_ipv4(name)


def _is_ipv4(text: str) -> bool:
    try:
        return ip_address(text).version == 4
    except ValueError:
        return False


def _is_ipv6(text: str) -> bool:
    try:
        return text.startswith("[") and text.endswith("]") and "%" not in text and ip_address(text[1:-1]).version == 6
    except ValueError:
        return False
