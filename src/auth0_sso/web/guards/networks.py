"""`require_network`: a guard for requests from networks of yours, such as an office or a VPN."""

from dataclasses import dataclass

from fastapi.requests import HTTPConnection

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.networks import RequiredNetwork, network_mismatch, networks
from auth0_sso.web.guards.guard import TokenGuard


def require_network(*cidrs: str) -> TokenGuard:
    """Return a guard that passes tokens sent from one of some networks, such as `10.0.0.0/8` or `2001:db8::/32`.

    The client's address is that of the connection, or behind a proxy in TRUSTED_PROXIES the one that it names: with
    another proxy in front it is the proxy's, so that all clients pass or none does.

    Raises `ValueError` for no network, or a text that is not one.
    """
    wanted = _FromNetwork(networks(cidrs))
    return TokenGuard(wanted, refusals=(network_mismatch(),), requirements=(wanted.requirement,))


@dataclass(frozen=True, slots=True)
class _FromNetwork(RequiredNetwork):
    """The same, as the check of a guard."""

    async def __call__(self, connection: HTTPConnection, _: AccessToken) -> None:
        self.require(connection.scope)
