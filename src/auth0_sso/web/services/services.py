"""Everything the routes and guards work with, built once and closed once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from auth0_sso.audit.trail import AuditSink
from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.calling.exchange import TokenExchange
from auth0_sso.calling.secret_rotation import SecretRotation
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import IGNORE, Observer, observers
from auth0_sso.http.client import AsyncTransport, httpx, open_client
from auth0_sso.jwks.file_store import JwksFile
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.key_store import KeyStore, KeyStores
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import TokenEndpoint, TokenRequest
from auth0_sso.ratelimit.limiter import Counter, RateLimiter
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.resilience.outage import Outage
from auth0_sso.revocation.deny_list import DenyList
from auth0_sso.roles.cache import RoleCachePolicy
from auth0_sso.roles.claim import ClaimRoles
from auth0_sso.roles.directory import RoleDirectory
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.tokens.bearer import BEARER_ONLY, Scheme
from auth0_sso.tokens.verifier import KeySource, TokenVerifier
from auth0_sso.web.services.audit import RunningAudit, running_audit
from auth0_sso.web.services.auth0_events import Auth0Events
from auth0_sso.web.services.backchannel_logout import BackchannelLogout
from auth0_sso.web.services.bound_tokens import BoundTokens, bound_tokens
from auth0_sso.web.services.components import Metrics, Shared, Store, policy_or_off, token_policy
from auth0_sso.web.services.revocations import Revocations, deny_list_of


@dataclass(frozen=True, slots=True)
class Services:
    """What one running app has.

    Without Management API credentials there is no `management`, no `profiles`, and no `roles` from there.
    """

    settings: Settings
    keys: KeySource
    clock: Clock
    verifier: TokenVerifier
    management: ManagementClient | None
    profiles: Profiles | None
    roles: RoleSource | None
    counts: RateLimiter
    rate_limit: Policy
    auth_failure_limit: Policy | None
    exempt_permissions: frozenset[str]
    exempt_clients: frozenset[str]
    subprotocol_tokens: bool
    """Whether a WebSocket's token may come by `Sec-WebSocket-Protocol`."""
    store: Store | None
    """The store shared with other processes, where there is one."""
    deny_list: DenyList
    """The access tokens that are refused before they expire."""
    revocations: Revocations
    """What puts them there."""
    metrics: Metrics | None = None
    profile_rate_limit: Policy | None = None
    """The service's own limit, PROFILE_RATE_LIMIT."""
    observe: Observer = IGNORE
    """Called with what happens to requests."""
    audit: RunningAudit | None = None
    """The audit trail, where there is one."""
    exchange: TokenExchange = field(default_factory=partial(TokenExchange, None))
    """Tokens for other APIs on behalf of callers."""
    bound_tokens: BoundTokens | None = None
    """How tokens are checked that are bound to a key or a certificate; None where all are refused."""

    events: Auth0Events | None = None
    """What takes events of Auth0's Event Streams, where the settings have their token."""
    logout: BackchannelLogout | None = None
    """What takes logout tokens, where the settings name the clients of which."""

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """The schemes that challenges offer."""
        return BEARER_ONLY if self.bound_tokens is None else self.bound_tokens.schemes

    @property
    def keys_health(self) -> KeysHealth:
        """The state of the signing keys."""
        return health_of(self.keys)


def health_of(keys: KeySource) -> KeysHealth:
    """Return the state of signing keys; those of an app's own `KeySource` are fresh while there are any."""
    if isinstance(keys, RemoteJwks | StaticKeys):
        return keys.health
    if keys.current is None:
        return KeysHealth("missing", 0, None, 0, 0, None)
    return KeysHealth("fresh", len({kid for kid, _ in keys.current.keys}), None, 0, 0, None)


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    roles: RoleSource | None = None,
    keys: KeySource | None = None,
    counter: Counter | None = None,
    transport: AsyncTransport | None = None,
    clock: Clock = SYSTEM_CLOCK,
    metrics: Metrics | None = None,
    profile_rate_limit: str = "off",
    observer: Observer = IGNORE,
    audit: AuditSink | None = None,
    audit_log: bool = False,
) -> AsyncIterator[Services]:
    """Build the services, keep the signing keys fresh meanwhile, and close everything at the end.

    `roles`, `keys` and `counter` take the place of what the settings would choose; `observer` and `metrics` are
    called with each event of `auth0_sso.events`. Audit records go to `audit`, and with `audit_log` to the log.
    Neither a tenant that cannot be reached nor a shared store that is down is an error: they are used once they
    answer.
    """
    observe = observer if metrics is None else observers(observer, metrics)
    async with AsyncExitStack() as stack:
        trail = running_audit(sink=audit, log=audit_log, clock=clock)
        if trail is not None:
            observe = observers(observe, trail.observe)
            stack.callback(trail.observe.write_repeats)
            _run_in_background(trail.keep_writing_repeats(clock), stack)
        deny_list = deny_list_of(settings, clock)
        shared = await _shared(settings, clock, observe, deny_list, stack)
        if keys is not None and not settings.has_management:
            transport = httpx.AsyncBaseTransport()  # never used, and without the 50 ms that TLS takes to set up
        client = await stack.enter_async_context(open_client(transport))
        if keys is None:
            keys = _keys(settings, client, shared, clock, observe, stack)
        rotation, proofs = _rotation(settings, shared, stack)
        management = _management(settings, client, shared, clock, observe, stack, rotation=rotation, proofs=proofs)
        if roles is None:
            roles = _roles(settings, management, shared, clock, observe, stack)
        verifier = _verifier(settings, keys, clock, observe)
        if metrics is not None:
            store = None if shared is None else shared.store
            is_up = None if store is None else partial(_is_up, store)
            audit_health = None if trail is None else trail.health
            metrics.watch(partial(health_of, keys), verifier, is_up, audit_health, deny_list=deny_list)
        profiles = _profiles(management, clock, stack)
        revocations = _revocations(settings, deny_list, shared, clock, observe, stack, roles=roles, profiles=profiles)
        yield Services(
            settings=settings,
            clock=clock,
            keys=keys,
            verifier=verifier,
            management=management,
            profiles=profiles,
            roles=roles,
            counts=_counts(settings, counter, shared, clock, observe),
            rate_limit=Policy.parse(settings.rate_limit),
            auth_failure_limit=policy_or_off(settings.auth_failure_rate_limit),
            exempt_permissions=frozenset(settings.rate_limit_exempt_permissions),
            exempt_clients=frozenset(settings.rate_limit_exempt_clients),
            subprotocol_tokens=settings.auth0_token_in_subprotocol,
            store=None if shared is None else shared.store,
            deny_list=deny_list,
            revocations=revocations,
            events=_events(settings, revocations, rotation, clock),
            logout=_logout(settings, keys, revocations, shared, clock),
            metrics=metrics,
            profile_rate_limit=policy_or_off(profile_rate_limit),
            observe=observe,
            audit=trail,
            exchange=_exchange(settings, client, clock, observe, stack, rotation=rotation, proofs=proofs),
            bound_tokens=bound_tokens(settings, None if shared is None else shared.replays, clock),
        )


async def _shared(
    settings: Settings, clock: Clock, observe: Observer, deny_list: DenyList, stack: AsyncExitStack
) -> Shared | None:
    if not settings.has_shared_store:
        return None
    from auth0_sso.web.services.shared import open_shared  # noqa: PLC0415 - needs redis, which is optional

    return await stack.enter_async_context(open_shared(settings, clock, observe, deny_list))


def _keys(
    settings: Settings,
    client: httpx.AsyncClient,
    shared: Shared | None,
    clock: Clock,
    observe: Observer,
    stack: AsyncExitStack,
) -> RemoteJwks:
    stores: list[KeyStore] = []
    if shared is not None and shared.keys is not None:
        stores.append(shared.keys)
    if settings.auth0_jwks_cache_file is not None:
        stores.append(JwksFile(settings.auth0_jwks_cache_file, settings.issuer, clock=clock))
    keys = RemoteJwks(
        client,
        settings.issuer,
        algorithms=settings.auth0_algorithms,
        freshness=Freshness(max_stale=settings.auth0_jwks_max_stale_seconds),
        store=KeyStores(stores) if stores else None,
        clock=clock,
        observe=observe,
    )
    stack.push_async_callback(keys.aclose)
    _run_in_background(keys.keep_fresh(), stack)
    return keys


def _verifier(settings: Settings, keys: KeySource, clock: Clock, observe: Observer) -> TokenVerifier:
    return TokenVerifier(
        keys,
        token_policy(settings),
        algorithms=settings.auth0_algorithms,
        max_token_bytes=settings.auth0_max_token_bytes,
        cache_size=settings.auth0_token_cache_size,
        cache_bytes=settings.auth0_token_cache_mib * MIB,
        clock=clock,
        observe=observe,
    )


def _counts(
    settings: Settings, counter: Counter | None, shared: Shared | None, clock: Clock, observe: Observer
) -> RateLimiter:
    memory = MemoryCounter(settings.rate_limit_strategy, settings.rate_limit_memory_mib * MIB, clock=clock)
    if counter is None and shared is not None:
        counter = shared.counter
    return RateLimiter(memory, counter, on_store_error=settings.rate_limit_on_store_error, observe=observe)


def _rotation(settings: Settings, shared: Shared | None, stack: AsyncExitStack) -> tuple[SecretRotation, Proofs]:
    proofs = Proofs(*proofs_of(settings))
    rotation = SecretRotation(
        settings,
        proofs,
        store=None if shared is None else shared.store,
        keyring=None if shared is None else shared.keyring,
    )
    if settings.is_rereadable and (settings.has_management or shared is not None or settings.auth0_events_token):
        stack.push_async_callback(rotation.aclose)
        _run_in_background(rotation.keep_reading(), stack)
    return rotation, proofs


def _management(
    settings: Settings,
    client: httpx.AsyncClient,
    shared: Shared | None,
    clock: Clock,
    observe: Observer,
    stack: AsyncExitStack,
    *,
    rotation: SecretRotation,
    proofs: Proofs,
) -> ManagementClient | None:
    if not settings.has_management:
        return None
    base_url = settings.auth0_management_base_url
    credentials = TokenRequest(settings.auth0_management_client_id, proofs, settings.auth0_management_audience)
    token = None if shared is None else shared.token
    outage = Outage("management", observe)
    auth = ManagementTokenSource(
        client,
        base_url,
        credentials,
        shared=token,
        reread=rotation.reread,
        clock=clock,
        observe=observe,
        outage=outage,
    )
    rotation.on_new_proofs(auth.retry_now)
    stack.push_async_callback(auth.aclose)
    caller = ManagementCaller(client, base_url, auth, clock=clock, observe=observe, outage=outage)
    return ManagementClient(caller)


def _exchange(
    settings: Settings,
    client: httpx.AsyncClient,
    clock: Clock,
    observe: Observer,
    stack: AsyncExitStack,
    *,
    rotation: SecretRotation,
    proofs: Proofs,
) -> TokenExchange:
    if not settings.has_management:
        return TokenExchange(None, clock=clock)
    endpoint = TokenEndpoint(
        client,
        settings.auth0_issuer_base_url,
        settings.auth0_management_client_id,
        proofs,
        reread=rotation.reread,
        clock=clock,
        observe=observe,
    )
    exchange = TokenExchange(endpoint, clock=clock)
    stack.push_async_callback(exchange.aclose)
    return exchange


def _profiles(management: ManagementClient | None, clock: Clock, stack: AsyncExitStack) -> Profiles | None:
    if management is None:
        return None
    profiles = Profiles(management, clock=clock)
    stack.push_async_callback(profiles.aclose)
    return profiles


def _roles(
    settings: Settings,
    management: ManagementClient | None,
    shared: Shared | None,
    clock: Clock,
    observe: Observer,
    stack: AsyncExitStack,
) -> RoleSource | None:
    if settings.auth0_role_source == "claim":
        return ClaimRoles(settings.auth0_role_claim)
    if management is None:
        return None
    policy = RoleCachePolicy(
        ttl=settings.auth0_role_ttl_seconds,
        negative_ttl=min(10, settings.auth0_role_ttl_seconds),
        max_stale=settings.auth0_role_max_stale_seconds,
    )
    cache = None if shared is None else shared.roles
    roles = RoleDirectory(management, policy, shared=cache, clock=clock, observe=observe)
    stack.push_async_callback(roles.aclose)
    if cache is not None:
        _run_in_background(cache.subscribe(roles.invalidate_locally, roles.invalidate_all_locally), stack)
    return roles


def _revocations(
    settings: Settings,
    deny_list: DenyList,
    shared: Shared | None,
    clock: Clock,
    observe: Observer,
    stack: AsyncExitStack,
    *,
    roles: RoleSource | None,
    profiles: Profiles | None,
) -> Revocations:
    publisher = None if shared is None else shared.revocations
    if publisher is not None:
        _run_in_background(publisher.follow(), stack)
    return Revocations(
        deny_list, settings.issuer, shared=publisher, roles=roles, profiles=profiles, clock=clock, observe=observe
    )


def _events(
    settings: Settings, revocations: Revocations, rotation: SecretRotation, clock: Clock
) -> Auth0Events | None:
    if not settings.auth0_events_token:
        return None
    events = Auth0Events(settings, revocations, clock=clock)
    rotation.on_new_events_token(events.accept)
    return events


def _logout(
    settings: Settings, keys: KeySource, revocations: Revocations, shared: Shared | None, clock: Clock
) -> BackchannelLogout | None:
    if not settings.auth0_backchannel_logout_clients:
        return None
    replays = None if shared is None else shared.replays
    return BackchannelLogout(settings, keys, revocations, replays=replays, clock=clock)


def _is_up(store: Store) -> bool:
    return store.health.state == "up"


def _run_in_background(forever: Coroutine[object, object, NoReturn], stack: AsyncExitStack) -> None:
    """Run a coroutine that never returns as a task, until the stack is closed."""
    task = asyncio.create_task(forever)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
