"""The options of a tenant."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from auth0_devtenant.seed import Seed, default_seed

_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class TenantOptions:
    """The tenant's address, and what it has when it starts."""

    issuer: str = "http://127.0.0.1:3001/"
    """With a slash at the end, as Auth0 has it."""
    seed: Seed = field(default_factory=default_seed)
    playground: str | None = None
    """The origin of the playground that the same process serves, if it does."""

    @property
    def audience(self) -> str:
        """The identifier of the first API."""
        return self.seed.apis[0].identifier

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuer, and the other name of the loopback address if it is one.

        A token's `iss` is the name with which it was requested, as with Auth0's custom domains.
        """
        parts = urlsplit(self.issuer)
        if parts.hostname not in _LOOPBACK:
            return (self.issuer,)
        port = "" if parts.port is None else f":{parts.port}"
        names = (f"{parts.scheme}://{host}{port}{parts.path}" for host in _LOOPBACK)
        return tuple(dict.fromkeys((self.issuer, *names)))

    @property
    def management_audience(self) -> str:
        """The identifier of the tenant's Management API."""
        return f"{self.issuer}api/v2/"
