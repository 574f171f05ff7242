"""Everything the routes and guards work with, built once and closed once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from auth0_sso.audit.trail import AuditSink
from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.calling.exchange import TokenExchange
from auth0_sso.calling.secret_rotation import SecretRotation
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import IGNORE, Observer, observers
from auth0_sso.http.client import AsyncTransport, httpx, open_client
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.ratelimit.limiter import Counter, RateLimiter
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.revocation.deny_list import DenyList
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.tokens.bearer import BEARER_ONLY, Scheme
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tokens.verifier import KeySource, TokenVerifier
from auth0_sso.web.services.audit import RunningAudit, running_audit
from auth0_sso.web.services.auth0_events import Auth0Events
from auth0_sso.web.services.auth0_logs import Auth0Logs
from auth0_sso.web.services.backchannel_logout import BackchannelLogout
from auth0_sso.web.services.bound_tokens import BoundTokens, bound_tokens
from auth0_sso.web.services.components import Metrics, Shared, Store, policy_or_off
from auth0_sso.web.services.revocations import Revocations, deny_list_of
from auth0_sso.web.services.tenants import Tenant, TenantParts, run_in_background


@dataclass(frozen=True, slots=True)
class Services:
    """What one running app has.

    Without Management API credentials there is no `management`, no `profiles`, and no `roles` from there.
    """

    settings: Settings
    keys: Mapping[str, KeySource]
    """The signing keys of each issuer, by its identifier; the first is that of AUTH0_ISSUER_BASE_URL."""
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

    events: tuple[Auth0Events, ...] = ()
    """What takes events of Auth0's Event Streams, where the settings have their token."""
    logs: Auth0Logs | None = None
    """What takes events of Auth0's Log Streams, where the settings have their token."""
    logout: BackchannelLogout | None = None
    """What takes logout tokens, where the settings name the clients of which."""
    tenant: str = ""
    """The issuer of the tenant that these are of; empty for the tenant of AUTH0_DOMAIN."""
    others: Mapping[str, "Services"] = field(default_factory=dict)
    """The services for tokens of other tenants, by issuer."""

    def of(self, token: AccessToken) -> "Services":
        """Return the services of the tenant that issued a token: its users, roles and Management API."""
        return self.others.get(token.issuer, self)

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """The schemes that challenges offer."""
        return BEARER_ONLY if self.bound_tokens is None else self.bound_tokens.schemes

    @property
    def keys_health(self) -> dict[str, KeysHealth]:
        """The state of the signing keys of each issuer, by its identifier."""
        return {issuer: health_of(keys) for issuer, keys in self.keys.items()}


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
            run_in_background(trail.keep_writing_repeats(clock), stack)
        deny_list = deny_list_of(settings, clock)
        shared = await _shared(settings, clock, observe, deny_list, stack)
        other_settings = settings.other_tenants
        several = len(settings.issuers) + len(other_settings) > 1
        if keys is not None and not settings.has_management and not several:
            transport = httpx.AsyncBaseTransport()  # never used, and without the 50 ms that TLS takes to set up
        client = await stack.enter_async_context(open_client(transport))
        parts = TenantParts(client, shared, deny_list, clock, observe, stack, settings.issuer, names_issuers=several)
        rotation, proofs = _rotation(settings, shared, stack)
        first = parts.first(settings, proofs, rotation, keys=keys, roles=roles)
        tenants = (first, *(parts.another(each, roles=roles) for each in other_settings))
        issuer_keys = {issuer: each for tenant in tenants for issuer, each in tenant.keys.items()}
        verifier = _verifier(settings, tenants, clock, observe)
        if metrics is not None:
            store = None if shared is None else shared.store
            is_up = None if store is None else partial(_is_up, store)
            health = {issuer if several else "": partial(health_of, each) for issuer, each in issuer_keys.items()}
            audit_health = None if trail is None else trail.health
            metrics.watch(health, verifier, is_up, audit_health, deny_list=deny_list)
        services = Services(
            settings=settings,
            clock=clock,
            keys=issuer_keys,
            verifier=verifier,
            management=first.management,
            profiles=first.profiles,
            roles=first.roles,
            counts=_counts(settings, counter, shared, clock, observe),
            rate_limit=Policy.parse(settings.rate_limit),
            auth_failure_limit=policy_or_off(settings.auth_failure_rate_limit),
            exempt_permissions=frozenset(settings.rate_limit_exempt_permissions),
            exempt_clients=frozenset(settings.rate_limit_exempt_clients),
            subprotocol_tokens=settings.auth0_token_in_subprotocol,
            store=None if shared is None else shared.store,
            deny_list=deny_list,
            revocations=first.revocations,
            events=_events(tenants, rotation, clock),
            logs=_logs(settings, rotation, observe),
            logout=_logout(tenants, shared, clock),
            metrics=metrics,
            profile_rate_limit=policy_or_off(profile_rate_limit),
            observe=observe,
            audit=trail,
            exchange=first.exchange,
            bound_tokens=bound_tokens(settings, None if shared is None else shared.replays, clock),
        )
        yield replace(services, others=_of_issuers(services, tenants[1:])) if other_settings else services


def _of_issuers(services: Services, tenants: Sequence[Tenant]) -> dict[str, Services]:
    """Return the services for tokens of other tenants, by issuer."""
    return {
        issuer: replace(
            services,
            settings=tenant.settings,
            management=tenant.management,
            profiles=tenant.profiles,
            roles=tenant.roles,
            revocations=tenant.revocations,
            exchange=tenant.exchange,
            tenant=tenant.settings.issuer,
        )
        for tenant in tenants
        for issuer in tenant.keys
    }


async def _shared(
    settings: Settings, clock: Clock, observe: Observer, deny_list: DenyList, stack: AsyncExitStack
) -> Shared | None:
    if not settings.has_shared_store:
        return None
    from auth0_sso.web.services.shared import open_shared  # noqa: PLC0415 - needs redis, which is optional

    return await stack.enter_async_context(open_shared(settings, clock, observe, deny_list))


def _verifier(settings: Settings, tenants: Sequence[Tenant], clock: Clock, observe: Observer) -> TokenVerifier:
    first, *others = (issuer for tenant in tenants for issuer in tenant.trusted)
    return TokenVerifier(
        first.keys,
        first.policy,
        algorithms=first.algorithms,
        others=others,
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
    tokens = settings.auth0_events_token or settings.auth0_logs_token
    if settings.is_rereadable and (settings.has_management or shared is not None or tokens):
        stack.push_async_callback(rotation.aclose)
        run_in_background(rotation.keep_reading(), stack)
    return rotation, proofs


def _events(tenants: Sequence[Tenant], rotation: SecretRotation, clock: Clock) -> tuple[Auth0Events, ...]:
    streams = [
        Auth0Events(tenant.settings, tenant.revocations, clock=clock)
        for tenant in tenants
        if tenant.settings.auth0_events_token
    ]
    if tenants[0].settings.auth0_events_token:
        rotation.on_new_token("auth0_events_token", streams[0].accept)
    return tuple(streams)


def _logs(settings: Settings, rotation: SecretRotation, observe: Observer) -> Auth0Logs | None:
    if not settings.auth0_logs_token:
        return None
    logs = Auth0Logs(settings.auth0_logs_token, observe)
    rotation.on_new_token("auth0_logs_token", logs.accept)
    return logs


def _logout(tenants: Sequence[Tenant], shared: Shared | None, clock: Clock) -> BackchannelLogout | None:
    accepting = [tenant for tenant in tenants if tenant.settings.auth0_backchannel_logout_clients]
    if not accepting:
        return None
    return BackchannelLogout(accepting, replays=None if shared is None else shared.replays, clock=clock)


def _is_up(store: Store) -> bool:
    return store.health.state == "up"
