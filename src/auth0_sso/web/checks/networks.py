"""Whether a request comes from a network that may pass."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import Scope

from auth0_sso.errors import InsufficientScopeError
from auth0_sso.web.checks.requirements import Requirement

_IPV4_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class RequiredNetwork:
    """Networks of which the client's address needs to be in one."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    @property
    def requirement(self) -> Requirement:
        """What this asks for, for lists of routes."""
        return Requirement("network", tuple(map(str, self.networks)), one_suffices=True)

    def require(self, scope: Scope) -> None:
        """Raise `InsufficientScopeError` for a client elsewhere, or whose address is not known."""
        client = scope.get("client")
        address = None if client is None else _address(client[0])
        if address is None or not any(address in network for network in self.networks):
            raise network_mismatch(self.requirement.names)


def networks(cidrs: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks, sorted and each once; raise `ValueError` for none, or for a text that is not one."""
    found = {ip_network(cidr) for cidr in cidrs}
    if not found:
        raise ValueError("a guard needs one or more networks, such as 10.0.0.0/8")
    if any(isinstance(each, IPv6Network) and each.subnet_of(_IPV4_MAPPED) for each in found):
        raise ValueError("write the IPv4 network itself: clients in ::ffff:0:0/96 are compared by IPv4 address")
    return tuple(sorted(found, key=lambda each: (each.version, int(each.network_address), each.prefixlen)))


@lru_cache(maxsize=1024)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def network_mismatch(networks: tuple[str, ...] = ()) -> InsufficientScopeError:
    """Return the error for a client in another network than these."""
    return InsufficientScopeError(
        "network_mismatch", "This is not for the network that you are in.", asked_for=networks
    )
