"""What the checks look at, and what they learn on the way for those after them."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import Clock
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, send_bounded
from auth0_sso.http.client import httpx
from auth0_sso.oauth.proofs import Proof
from auth0_sso.service.doctor.findings import Finding
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings.loading import Problem
from auth0_sso.settings.usable import NO_DOMAIN

_TIMEOUT: Final = 10.0
_MAX_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class GivenSettings:
    """The settings as they were read."""

    settings: ServiceSettings | None
    """With the default in place of each that cannot be used; None where they cannot be read."""
    replaced: frozenset[str]
    """The fields whose default that is."""
    problems: tuple[Problem, ...]
    values: Mapping[str, str] = field(repr=False)
    """What was set, as text, by field."""
    unknown: tuple[tuple[str, str | None], ...]
    """Names that are not settings, and the setting each may stand for."""


@dataclass(frozen=True, slots=True)
class ManagementAccess:
    """A token of the Management API, and its scopes; None where Auth0 did not list them."""

    token: str = field(repr=False)
    scopes: frozenset[str] | None
    proof: Proof = field(repr=False)
    """What Auth0 issued it for: of two secrets or keys, one that it accepts."""

    def may(self, scope: str) -> bool:
        """Return whether it may have a scope."""
        return self.scopes is None or scope in self.scopes


@dataclass(slots=True)
class Examination:
    """What the checks of a tenant look at: the settings, the network, the clock; and what was learned so far."""

    settings: ServiceSettings
    replaced: frozenset[str]
    client: httpx.AsyncClient
    clock: Clock
    token: str | None = field(default=None, repr=False)
    """A token that the user gave to be looked at."""
    url: str | None = None
    """The public address of this service, with its trailing slash."""
    is_reachable: bool = False
    """Whether the issuer answered with its own metadata."""
    date_header: tuple[float, float] | None = None
    """The issuer's time and ours, in seconds since 1970."""
    management: ManagementAccess | None = field(default=None, repr=False)
    application: Mapping[str, object] | None = None
    """AUTH0_CLIENT_ID at Auth0."""
    authorization: "Authorization | None" = None
    """What /authorize answered."""
    api: Mapping[str, object] | None = None
    """AUTH0_AUDIENCE at Auth0."""

    @property
    def is_development(self) -> bool:
        """Whether the issuer is on this machine."""
        return self.settings.issuer.startswith("http://")

    @property
    def has_issuer(self) -> bool:
        """Whether AUTH0_DOMAIN or AUTH0_ISSUER_BASE_URL says who issues tokens."""
        return self.settings.issuer != f"https://{NO_DOMAIN}/"

    @property
    def has_audience(self) -> bool:
        """Whether AUTH0_AUDIENCE can be used."""
        return "auth0_audience" not in self.replaced

    async def get(self, url: str, *, token: str | None = None) -> BoundedResponse:
        """Return the response to a GET; raise `FetchError` if there is none."""
        headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        request = self.client.build_request("GET", url, headers=headers)
        return await send_bounded(self.client, request, max_seconds=_TIMEOUT, max_bytes=_MAX_BYTES)

    async def get_managed(self, path: str, scope: str) -> tuple[int, object]:
        """Return the status and the JSON of a Management API resource; status 0 if it may not or cannot be read."""
        if self.management is None or not self.management.may(scope):
            return 0, None
        base_url = self.settings.auth0_management_base_url
        try:
            response = await self.get(f"{base_url}api/v2/{path}", token=self.management.token)
            return response.status, response.lenient_json()
        except FetchError:
            return 0, None


@dataclass(frozen=True, slots=True)
class Authorization:
    """What /authorize answered to a silent login at a callback URL."""

    callback: str
    is_redirect: bool
    """Whether it redirected there: then the application exists and may use that URL."""
    description: str
    """Auth0's `error_description`, or the text of its error page."""


CheckGiven = Callable[[GivenSettings], AsyncIterator[Finding]]
Check = Callable[[Examination], AsyncIterator[Finding]]
