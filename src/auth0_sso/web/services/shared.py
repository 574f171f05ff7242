"""What the processes of an app share through one Redis or Valkey.

Imported only where a store is configured: it needs the package redis.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.clock import Clock
from auth0_sso.events import IGNORE, Observer
from auth0_sso.jwks.shared_store import SharedKeys
from auth0_sso.oauth.proofs import sealing_secrets
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.replay.redis import RedisReplays
from auth0_sso.revocation.deny_list import DenyList
from auth0_sso.revocation.shared import SharedRevocations
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.settings import Settings
from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.web.services.components import Shared
from auth0_sso.web.services.revocations import deny_list_of, revocation_lifetime


@asynccontextmanager
async def open_shared(
    settings: Settings, clock: Clock, observe: Observer = IGNORE, deny_list: DenyList | None = None
) -> AsyncIterator[Shared]:
    """Connect to the store that the settings name, and close its connections at the end.

    Revocations of other processes are added to `deny_list`, by default one of its own.
    A store that does not answer is not an error: it is used once it does.
    """
    store = RedisStore(
        settings.rate_limit_storage_url.get_secret_value(),
        timeout=settings.rate_limit_store_timeout_seconds,
        clock=clock,
        observe=observe,
    )
    try:
        await store.open()
        yield _shared(settings, store, deny_list_of(settings, clock) if deny_list is None else deny_list, clock)
    finally:
        await store.aclose()


def _shared(settings: Settings, store: RedisStore, deny_list: DenyList, clock: Clock) -> Shared:
    counter = RedisCounter(store, settings.rate_limit_strategy)
    replays = RedisReplays(store)
    of_tenant = partial(_shared, store=store, deny_list=deny_list, clock=clock)
    if not settings.has_management:
        return Shared(store, counter, replays, None, None, None, None, None, of_tenant)
    keyring = _keyring(settings, clock)
    sealed = SealedStore(store, keyring)
    max_stale = settings.auth0_jwks_max_stale_seconds
    return Shared(
        store,
        counter,
        replays,
        partial(SharedKeys, sealed, keep=max_stale, clock=clock),
        SharedToken(sealed, clock=clock),
        SharedRoles(sealed, ttl=settings.auth0_role_ttl_seconds),
        SharedRevocations(sealed, deny_list, lifetime=revocation_lifetime(settings), clock=clock),
        keyring,
        of_tenant,
    )


def _keyring(settings: Settings, clock: Clock) -> Keyring:
    """Return keys made of the Management client's credentials, which all replicas have."""
    purpose = f"{settings.issuer} {settings.auth0_management_client_id}"
    return Keyring(purpose, *sealing_secrets(proofs_of(settings)), clock=clock)
