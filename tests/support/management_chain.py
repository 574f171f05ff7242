"""The Management client for a tenant, from token source to client, as an app's services make it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from auth0_sso.clock import Clock
from auth0_sso.events import IGNORE, Observer
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import TokenRequest
from auth0_sso.testing.issuer import ISSUER

SECRET = "the-client-secret"
CREDENTIALS = TokenRequest("the-client-id", Proofs(SECRET), f"{ISSUER}api/v2/")


@dataclass(frozen=True, slots=True)
class ManagementChain:
    """Each part uses the one before it."""

    auth: ManagementTokenSource
    caller: ManagementCaller
    client: ManagementClient


@asynccontextmanager
async def management_chain(
    http: httpx.AsyncClient,
    clock: Clock,
    *,
    pauses: Clock | None = None,
    issuer: str = ISSUER,
    credentials: TokenRequest = CREDENTIALS,
    observe: Observer = IGNORE,
) -> AsyncIterator[ManagementChain]:
    """Build the chain, and close it as the block ends; `pauses` is the clock of the caller's retries."""
    auth = ManagementTokenSource(http, issuer, credentials, clock=clock)
    caller = ManagementCaller(http, issuer, auth, clock=clock if pauses is None else pauses, observe=observe)
    try:
        yield ManagementChain(auth, caller, ManagementClient(caller))
    finally:
        await auth.aclose()
