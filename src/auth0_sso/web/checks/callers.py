"""Who is counted: the verified subject, or without a token the address the request came from."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

from auth0_sso.tokens.claims import AccessToken


def caller_of(scope: Scope, token: AccessToken | None, tenant: str = "") -> str:
    """Return the name of a caller's budget; `tenant` is that of `Services`, since two may have the same subjects."""
    if token is None:
        return address_of(scope)
    return f"issuer {tenant} subject {token.subject}" if tenant else f"subject {token.subject}"


def address_of(scope: Scope) -> str:
    """Return the name of an address's budget. Behind a proxy that is not in TRUSTED_PROXIES it is the proxy's."""
    client = scope.get("client")
    return "address unknown" if client is None else _budget(client[0])


@lru_cache(maxsize=1024)
def _budget(host: str) -> str:
    """An IPv6 host has a whole /64 to choose from (RFC 4291 section 2.5.1), so that is counted as one."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return f"address {host[:64]}"
    if isinstance(address, IPv6Address):
        return f"address {address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64)}"
    return f"address {address}"
