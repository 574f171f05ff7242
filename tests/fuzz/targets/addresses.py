"""Settings that name a place: whatever is accepted stays the same when it is read again, and httpx agrees."""

from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx

from auth0_sso.errors import InsufficientScopeError
from auth0_sso.settings.addresses import bare_domain, base_url, browser_origin, management_audience, proxy_network
from auth0_sso.store.address import parse_address
from auth0_sso.web.checks.networks import RequiredNetwork, networks

SEEDS = (
    b"acme.eu.auth0.com",
    b" https://Acme.eu.auth0.com/",
    b"http://127.0.0.1:3001",
    b"https://[2001:db8::1]:8443/",
    b"https://acme.eu.auth0.com/api/v2/",
    b"https://user:pass@host/?q#f",
    b"10.0.0.0/8",
    b"::ffff:10.0.0.0/104",
    b"fe80::1%eth0",
    b"redis://:secret@[::1]:6379/0",
    b"unix:///run/redis.sock?db=1",
)
_ANYWHERE = RequiredNetwork(networks(("0.0.0.0/0", "::/0")))


def check(data: bytes) -> None:
    """Each reading is a fixed point or a `ValueError`, whose sentence does not repeat the value."""
    text = data.decode("utf-8", "replace")
    for read in (base_url, bare_domain, browser_origin, management_audience, proxy_network, parse_address):
        try:
            value = read(text)
        except ValueError as error:
            assert len(text) < 40 or text not in str(error)
            continue
        if isinstance(value, str):
            assert read(value) == value
        if read is base_url:
            assert httpx.URL(str(value)).scheme in {"http", "https"}
        if read is bare_domain:
            assert httpx.URL(f"https://{value}/").host == urlsplit(f"//{value}").hostname
        if read is proxy_network:
            assert ip_network(text).prefixlen > 0 or ip_network(text).version == 6
    try:
        _ANYWHERE.require({"type": "http", "client": (text, 1)})
    except InsufficientScopeError as error:
        assert error.reason == "network_mismatch"
