"""Who sent a request, as a record names them."""

from collections.abc import Mapping
from typing import Any

from auth0_sso.audit.record import Actor
from auth0_sso.events import Caller


def actor_of(
    scope: Mapping[str, Any], caller: Caller | None, *, client_id: str | None = None, tenant: str = ""
) -> Actor:
    """Return the actor of an ASGI scope, with what the verified token says, or without one the `client_id`.

    `tenant` is the issuer of the token's tenant, empty for that of AUTH0_DOMAIN.
    """
    client = scope.get("client")
    address = client[0] if client else None
    if caller is None:
        return Actor(client_id=client_id, address=address)
    return Actor(caller.subject, caller.client_id, caller.organization, address, tenant or None)
