"""What each tenant has of its own: the signing keys of its issuers, the Management API, roles, revocations."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import NoReturn

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.calling.exchange import TokenExchange
from auth0_sso.calling.secret_rotation import SecretRotation
from auth0_sso.clock import Clock
from auth0_sso.events import Observer
from auth0_sso.http.client import httpx
from auth0_sso.jwks.file_store import JwksFile
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.key_store import KeyStore, KeyStores
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import Reread, TokenEndpoint, TokenRequest, read_nothing
from auth0_sso.resilience.outage import Outage
from auth0_sso.revocation.deny_list import DenyList
from auth0_sso.roles.cache import RoleCachePolicy
from auth0_sso.roles.claim import ClaimRoles
from auth0_sso.roles.directory import RoleDirectory
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.tokens.verifier import KeySource, TrustedIssuer
from auth0_sso.web.services.components import Shared, token_policy
from auth0_sso.web.services.revocations import Revocations


@dataclass(frozen=True, slots=True)
class Tenant:
    """The parts of one tenant. Without Management API credentials there is no `management` and no `profiles`."""

    settings: Settings
    keys: Mapping[str, KeySource]
    """The signing keys of each of its issuers, by the issuer's identifier."""
    management: ManagementClient | None
    profiles: Profiles | None
    roles: RoleSource | None
    exchange: TokenExchange
    revocations: Revocations

    @property
    def trusted(self) -> tuple[TrustedIssuer, ...]:
        """Its issuers, as a verifier takes them."""
        algorithms = self.settings.auth0_algorithms
        return tuple(
            TrustedIssuer(keys, token_policy(self.settings, issuer), algorithms) for issuer, keys in self.keys.items()
        )


@dataclass(frozen=True, slots=True)
class TenantParts:
    """Builds the parts of tenants, of what all tenants have in common; `stack` closes them."""

    client: httpx.AsyncClient
    shared: Shared | None
    deny_list: DenyList
    clock: Clock
    observe: Observer
    stack: AsyncExitStack
    first_issuer: str
    """The identifier of the tenant of AUTH0_DOMAIN."""
    names_issuers: bool
    """Whether events name the issuer, since there are several."""

    def first(
        self,
        settings: Settings,
        proofs: Proofs,
        rotation: SecretRotation,
        *,
        keys: KeySource | None,
        roles: RoleSource | None,
    ) -> Tenant:
        """Build the parts of the tenant of AUTH0_DOMAIN, whose secrets are read again.

        `keys` and `roles` take the place of what the settings would choose.
        """
        return self._tenant(settings, _Credentials(proofs, rotation), self.shared, keys, roles)

    def another(self, settings: Settings, *, roles: RoleSource | None) -> Tenant:
        """Build the parts of another tenant."""
        shared = None if self.shared is None else self.shared.of_tenant(settings)
        return self._tenant(settings, _Credentials(Proofs(*proofs_of(settings))), shared, None, roles)

    def _tenant(
        self,
        settings: Settings,
        credentials: "_Credentials",
        shared: Shared | None,
        keys: KeySource | None,
        roles: RoleSource | None,
    ) -> Tenant:
        management = self._management(settings, credentials, shared)
        profiles = None if management is None else Profiles(management, clock=self.clock, observe=self.observe)
        if profiles is not None:
            self.stack.push_async_callback(profiles.aclose)
        if roles is None:
            roles = self._roles(settings, management, shared)
        return Tenant(
            settings,
            self._keys(settings, shared, keys),
            management,
            profiles,
            roles,
            self._exchange(settings, credentials),
            self._revocations(settings, shared, roles, profiles),
        )

    def _keys(self, settings: Settings, shared: Shared | None, own: KeySource | None) -> dict[str, KeySource]:
        first, *others = settings.issuers
        keys = self._remote_keys(settings, first, shared) if own is None else own
        return {first: keys} | {issuer: self._remote_keys(settings, issuer, shared) for issuer in others}

    def _remote_keys(self, settings: Settings, issuer: str, shared: Shared | None) -> RemoteJwks:
        stores: list[KeyStore] = []
        if shared is not None and shared.keys_of is not None:
            stores.append(shared.keys_of(issuer))
        path = settings.jwks_cache_file_of(issuer)
        if path is not None:
            stores.append(JwksFile(path, issuer, clock=self.clock))
        keys = RemoteJwks(
            self.client,
            issuer,
            algorithms=settings.auth0_algorithms,
            freshness=Freshness(max_stale=settings.auth0_jwks_max_stale_seconds),
            store=KeyStores(stores) if stores else None,
            clock=self.clock,
            observe=self.observe,
            named=issuer if self.names_issuers else "",
        )
        self.stack.push_async_callback(keys.aclose)
        run_in_background(keys.keep_fresh(), self.stack)
        return keys

    def _management(
        self, settings: Settings, credentials: "_Credentials", shared: Shared | None
    ) -> ManagementClient | None:
        if not settings.has_management:
            return None
        base_url = settings.auth0_management_base_url
        request = TokenRequest(
            settings.auth0_management_client_id, credentials.proofs, settings.auth0_management_audience
        )
        named = settings.issuer if self.names_issuers else ""
        outage = Outage("management", self.observe, issuer=named)
        auth = ManagementTokenSource(
            self.client,
            base_url,
            request,
            shared=None if shared is None else shared.token,
            reread=credentials.reread,
            clock=self.clock,
            observe=self.observe,
            outage=outage,
        )
        credentials.on_change(auth.retry_now)
        self.stack.push_async_callback(auth.aclose)
        caller = ManagementCaller(
            self.client, base_url, auth, clock=self.clock, observe=self.observe, outage=outage, issuer=named
        )
        return ManagementClient(caller)

    def _exchange(self, settings: Settings, credentials: "_Credentials") -> TokenExchange:
        if not settings.has_management:
            return TokenExchange(None, clock=self.clock)
        endpoint = TokenEndpoint(
            self.client,
            settings.auth0_issuer_base_url,
            settings.auth0_management_client_id,
            credentials.proofs,
            reread=credentials.reread,
            clock=self.clock,
            observe=self.observe,
        )
        exchange = TokenExchange(endpoint, clock=self.clock)
        self.stack.push_async_callback(exchange.aclose)
        return exchange

    def _roles(
        self, settings: Settings, management: ManagementClient | None, shared: Shared | None
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
        roles = RoleDirectory(management, policy, shared=cache, clock=self.clock, observe=self.observe)
        self.stack.push_async_callback(roles.aclose)
        if cache is not None:
            run_in_background(cache.subscribe(roles.invalidate_locally, roles.invalidate_all_locally), self.stack)
        return roles

    def _revocations(
        self, settings: Settings, shared: Shared | None, roles: RoleSource | None, profiles: Profiles | None
    ) -> Revocations:
        publisher = None if shared is None else shared.revocations
        if publisher is not None:
            run_in_background(publisher.follow(), self.stack)
        return Revocations(
            self.deny_list,
            *settings.issuers,
            shared=publisher,
            roles=roles,
            profiles=profiles,
            clock=self.clock,
            observe=self.observe,
            tenant="" if settings.issuer == self.first_issuer else settings.issuer,
        )


@dataclass(frozen=True, slots=True)
class _Credentials:
    """The proofs of a tenant's Management client, and what reads them again, if anything does."""

    proofs: Proofs
    rotation: SecretRotation | None = None

    @property
    def reread(self) -> Reread:
        return read_nothing if self.rotation is None else self.rotation.reread

    def on_change(self, listener: Callable[[], None]) -> None:
        if self.rotation is not None:
            self.rotation.on_new_proofs(listener)


def run_in_background(forever: Coroutine[object, object, NoReturn], stack: AsyncExitStack) -> None:
    """Run a coroutine that never returns as a task, until the stack is closed."""
    task = asyncio.create_task(forever)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
