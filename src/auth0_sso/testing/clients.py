"""Clients of an app under test, each with a token: no environment, socket or network."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Final, Generic, TypeVar

from starlette.types import ASGIApp

from auth0_sso.jwks.static import StaticKeys
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, issuer_of_process
from auth0_sso.testing.roles import LearnedRoles
from auth0_sso.testing.tenant import Tenant
from auth0_sso.testing.tenant_settings import settings_for
from auth0_sso.testing.tokens import KEY_ID, claims_of, machine_token
from auth0_sso.web.services.protection import Opening, Protection
from auth0_sso.web.services.services import Services

C = TypeVar("C")

NOT_OPEN: Final = (
    "the app is not started: write `with client(app) as api:`, `async with async_client(app) as api:`, "
    "or take the pytest fixture `auth0_client`"
)


class Clients(Generic[C]):
    """An app that runs with the keys, the tenant and the clock of the test, until the `with` block ends."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings | None,
        tenant: Tenant | None,
        clock: HandClock | None,
        roles: RoleSource | None,
    ) -> None:
        self.app = app
        self.tenant = Tenant() if tenant is None else tenant
        """The tenant in memory, whose users and faults the test chooses."""
        self.clock = HandClock() if clock is None else clock
        """The clock, which the test moves."""
        self._protection = protection = Protection.of(app)
        self._settings = settings_for(protection.settings) if settings is None else settings
        self._roles = roles
        self._open: Callable[[Mapping[str, str]], C] | None = None

    def as_user(
        self,
        subject: str = SUBJECT,
        *,
        roles: Collection[str] | None = None,
        permissions: Collection[str] = (),
        scopes: Collection[str] = (),
        organization: str | None = None,
        organization_roles: Collection[str] | None = None,
        **claims: Any,  # noqa: ANN401 - JSON
    ) -> C:
        """Return a client that sends a user's token, issued now; the arguments are those of `token`.

        The tenant then has the user, with these roles.
        """
        said = claims_of(
            subject,
            now=self.clock.now,
            roles=roles,
            permissions=permissions,
            scopes=scopes,
            organization=organization,
            organization_roles=organization_roles,
            **claims,
        )
        if subject not in self.tenant.users:  # what is said of a known one is learned at its look-up, with its cache
            self.tenant.learn(subject, organization, said)
        return self.as_bearer(issuer_of_process().token(said))

    def as_machine(
        self,
        client_id: str = "machine-client",
        *,
        permissions: Collection[str] = (),
        scopes: Collection[str] = (),
        organization: str | None = None,
        **claims: Any,  # noqa: ANN401 - JSON
    ) -> C:
        """Return a client that sends a machine's token, issued now; the arguments are those of `machine_token`."""
        now = int(self.clock.now)
        times = {"iat": now, "exp": now + 86_400}
        return self.as_bearer(
            machine_token(
                client_id,
                permissions=permissions,
                scopes=scopes,
                organization=organization,
                **(times | claims),
            )
        )

    def as_bearer(self, token: str) -> C:
        """Return a client that sends this token: one of `token`, or one of the broken ones."""
        return self._client({"Authorization": f"Bearer {token}"})

    def as_anonymous(self) -> C:
        """Return a client that sends no token."""
        return self._client({})

    def _client(self, headers: Mapping[str, str]) -> C:
        if self._open is None:
            raise RuntimeError(NOT_OPEN)
        return self._open(headers)

    def _opening(self) -> Opening:
        inner, tenant, clock, roles = self._protection.opening, self.tenant, self.clock, self._roles

        @asynccontextmanager
        async def opening(settings: Settings) -> AsyncIterator[Services]:
            parts = {"keys": _keys(), "transport": tenant, "clock": clock, "roles": roles, "counter": None}
            async with inner(settings, **parts) as services:
                if roles is None and services.roles is not None:
                    yield replace(services, roles=LearnedRoles(services.roles, tenant))
                else:
                    yield services

        return opening


@cache
def _keys() -> StaticKeys:
    return StaticKeys(issuer_of_process().jwks(KEY_ID))
