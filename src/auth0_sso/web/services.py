"""Everything the routes and guards work with, built once and closed once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

import httpx

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.jwks.file import JwksFile
from auth0_sso.jwks.remote import Freshness, RemoteJwks
from auth0_sso.jwks.stores import KeyStore, KeyStores, SharedKeys
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.management.shared_token import SharedToken
from auth0_sso.management.token_endpoint import ClientCredentials
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.ratelimit.limiter import RateLimiter
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.ratelimit.rate_limits import RateLimits
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.roles.directory import ClaimRoles, RoleCachePolicy, RoleDirectory, RoleSource
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.settings import Settings
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import SharedStore
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.client_assertion import AssertionKey
from auth0_sso.tokens.verifier import TokenVerifier
from auth0_sso.web.metrics import Metrics

_TIMEOUT = httpx.Timeout(5, connect=2)


@dataclass(frozen=True, slots=True)
class Services:
    """What one running app has.

    Without Management API credentials there is no `management`, no `profiles`, and no `roles` from there.
    """

    keys: RemoteJwks
    verifier: TokenVerifier
    metrics: Metrics
    management: ManagementClient | None
    profiles: Profiles | None
    roles: RoleSource | None
    counts: RateLimits
    rate_limit: Policy
    profile_rate_limit: Policy | None
    auth_failure_limit: Policy | None
    exempt_permissions: frozenset[str]
    exempt_clients: frozenset[str]
    store: SharedStore | None
    """The store shared with other processes, where there is one."""


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> AsyncIterator[Services]:
    """Build the services, keep the signing keys fresh meanwhile, and close everything at the end.

    The tenant is not waited for: with it out of reach this succeeds, and recovers when the tenant returns. Nor does a
    shared store that is away fail it.
    """
    async with AsyncExitStack() as stack:
        store = await _shared_store(settings, clock, stack)
        sealed = _sealed(settings, store)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, timeout=_TIMEOUT))
        keys = RemoteJwks(
            client,
            settings.issuer,
            algorithms=settings.auth0_algorithms,
            freshness=Freshness(max_stale=settings.auth0_jwks_max_stale_seconds),
            store=_key_store(settings, sealed, clock),
            clock=clock,
        )
        stack.push_async_callback(keys.aclose)
        verifier = TokenVerifier(
            keys,
            _policy(settings),
            algorithms=settings.auth0_algorithms,
            max_token_bytes=settings.auth0_max_token_bytes,
            cache_size=settings.auth0_token_cache_size,
            cache_bytes=settings.auth0_token_cache_mib * MIB,
            clock=clock,
        )
        management = _management(settings, client, sealed, clock, stack)
        roles = _roles(settings, management, sealed, clock, stack)
        _beside(keys.keep_fresh(), stack)
        yield Services(
            keys=keys,
            verifier=verifier,
            metrics=Metrics(keys, store),
            management=management,
            profiles=_profiles(management, clock, stack),
            roles=roles,
            counts=_counts(settings, store, clock),
            rate_limit=Policy.parse(settings.rate_limit),
            profile_rate_limit=_policy_or_off(settings.profile_rate_limit),
            auth_failure_limit=_policy_or_off(settings.auth_failure_rate_limit),
            exempt_permissions=frozenset(settings.rate_limit_exempt_permissions),
            exempt_clients=frozenset(settings.rate_limit_exempt_clients),
            store=store,
        )


async def _shared_store(settings: Settings, clock: Clock, stack: AsyncExitStack) -> SharedStore | None:
    if not settings.has_shared_store:
        return None
    store = SharedStore(
        settings.rate_limit_storage_url.get_secret_value(),
        timeout=settings.rate_limit_store_timeout_seconds,
        clock=clock,
    )
    stack.push_async_callback(store.aclose)
    await store.open()
    return store


def _counts(settings: Settings, store: SharedStore | None, clock: Clock) -> RateLimits:
    strategy = settings.rate_limit_strategy
    memory = MemoryCounter(strategy, settings.rate_limit_memory_mib * MIB, clock=clock)
    return RateLimits(
        RateLimiter(memory),
        None if store is None else RateLimiter(RedisCounter(store, strategy)),
        on_store_error=settings.rate_limit_on_store_error,
    )


def _policy_or_off(text: str) -> Policy | None:
    return None if text == "off" else Policy.parse(text)


def _sealed(settings: Settings, store: SharedStore | None) -> SealedStore | None:
    """Return where roles, keys and tokens are shared; its secret is the Management client's, which replicas have."""
    if store is None or not settings.has_management:
        return None
    proof = _proof(settings)
    secret = proof.secret if isinstance(proof, AssertionKey) else proof  # two spellings of one PEM are one secret
    return SealedStore(store, secret, f"{settings.issuer} {settings.auth0_management_client_id}")


def _key_store(settings: Settings, sealed: SealedStore | None, clock: Clock) -> KeyStore | None:
    stores: list[KeyStore] = []
    if sealed is not None:
        keep = settings.auth0_jwks_max_stale_seconds
        stores.append(SharedKeys(sealed, settings.issuer, keep=keep, clock=clock))
    if settings.auth0_jwks_cache_file is not None:
        stores.append(JwksFile(settings.auth0_jwks_cache_file, settings.issuer, clock=clock))
    return KeyStores(stores) if stores else None


def _policy(settings: Settings) -> TokenPolicy:
    return TokenPolicy(
        settings.issuer,
        frozenset(settings.auth0_audience),
        leeway=settings.auth0_leeway_seconds,
        max_age=settings.auth0_max_token_age_seconds,
        clients=frozenset(settings.auth0_allowed_clients) or None,
    )


def _management(
    settings: Settings, client: httpx.AsyncClient, sealed: SealedStore | None, clock: Clock, stack: AsyncExitStack
) -> ManagementClient | None:
    if not settings.has_management:
        return None
    base_url = settings.auth0_management_base_url
    credentials = ClientCredentials(
        settings.auth0_management_client_id, _proof(settings), settings.auth0_management_audience
    )
    shared = None if sealed is None else SharedToken(sealed, clock=clock)
    auth = ManagementTokenSource(client, base_url, credentials, shared=shared, clock=clock)
    stack.push_async_callback(auth.aclose)
    caller = ManagementCaller(client, base_url, auth, clock=clock)
    return ManagementClient(caller)


def _profiles(management: ManagementClient | None, clock: Clock, stack: AsyncExitStack) -> Profiles | None:
    if management is None:
        return None
    profiles = Profiles(management, clock=clock)
    stack.push_async_callback(profiles.aclose)
    return profiles


def _roles(
    settings: Settings,
    management: ManagementClient | None,
    sealed: SealedStore | None,
    clock: Clock,
    stack: AsyncExitStack,
) -> RoleSource | None:
    if settings.auth0_role_source == "claim":
        return ClaimRoles(settings.auth0_role_claim)
    if management is None:
        return None
    memory = RoleCachePolicy(
        ttl=settings.auth0_role_ttl_seconds,
        refused=min(10, settings.auth0_role_ttl_seconds),
        max_stale=settings.auth0_role_max_stale_seconds,
    )
    shared = None if sealed is None else SharedRoles(sealed, ttl=memory.ttl)
    roles = RoleDirectory(management, memory, shared=shared, clock=clock)
    stack.push_async_callback(roles.aclose)
    if shared is not None:
        _beside(shared.subscribe(roles.invalidate_locally, roles.invalidate_all_locally), stack)
    return roles


def _proof(settings: Settings) -> str | AssertionKey:
    pem = settings.auth0_management_private_key.get_secret_value()
    if pem:
        return AssertionKey(pem, settings.auth0_management_private_key_id or None)
    return settings.auth0_management_client_secret.get_secret_value()


def _beside(forever: Coroutine[object, object, NoReturn], stack: AsyncExitStack) -> None:
    """Run what never ends beside the app, until the app does."""
    task = asyncio.create_task(forever)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
