"""What the parts of an app are built of: the settings in the form that each part takes them."""

from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Literal, Protocol

from auth0_sso.audit.health import AuditHealth
from auth0_sso.calling.secret_rotation import MovableStore, SealingKeys
from auth0_sso.events import Event
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.key_store import KeyStore
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.ratelimit.limiter import Counter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.replay.cache import ReplayCache
from auth0_sso.revocation.shared import SharedRevocations
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.settings import Settings
from auth0_sso.tokens.claims import ConfirmationMethod, TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier


class StoreHealth(Protocol):
    """How the shared store is."""

    @property
    def state(self) -> Literal["up", "down"]:
        """Whether the store takes writes."""

    @property
    def last_error(self) -> str | None:
        """A word for why not."""


class Store(Protocol):
    """The shared store, for code that only asks how it is. Its class needs the package redis."""

    @property
    def health(self) -> StoreHealth:
        """What the last calls found."""


class SharedStore(Store, MovableStore, Protocol):
    """The same store, for code that changes its address as well."""


class Metrics(Protocol):
    """An observer that counts and shows. `PrometheusMetrics` is one, which needs the package prometheus_client."""

    content_type: str
    """Of the exposition."""

    def __call__(self, event: Event) -> None:
        """Count an event."""

    def watch(
        self,
        keys_health: Mapping[str, Callable[[], KeysHealth]],
        token_cache: TokenVerifier,
        store_is_up: Callable[[], bool] | None,
        audit_health: Callable[[], AuditHealth] | None,
        *,
        deny_list: Sized | None,
    ) -> None:
        """Take what is read at a scrape: the state of keys, the token cache, shared store, audit trail, deny list.

        The keys are named by their issuer, or with an empty text where there is one.
        """

    def refresh(self) -> None:
        """Read it now, for a scrape that another process answers."""

    def exposition(self) -> bytes:
        """Return all metrics as text."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the processes of an app share.

    Without a Management client, whose secret seals the rest, only counts and the DPoP proofs that were used.
    """

    store: SharedStore
    counter: Counter
    replays: ReplayCache
    keys_of: Callable[[str], KeyStore] | None
    """Returns where the signing keys of an issuer are stored."""
    token: SharedToken | None
    roles: SharedRoles | None
    revocations: SharedRevocations | None
    keyring: SealingKeys | None
    of_tenant: "Callable[[Settings], Shared]"
    """Returns the same of another tenant, sealed with the credentials that the settings have there."""


def token_policy(settings: Settings, issuer: str) -> TokenPolicy:
    """Return what an access token of one of the tenant's issuers must contain."""
    return TokenPolicy(
        issuer,
        frozenset(settings.auth0_audience),
        leeway=settings.auth0_leeway_seconds,
        max_age=settings.auth0_max_token_age_seconds,
        clients=frozenset(settings.auth0_allowed_clients) or None,
        confirmations=frozenset(_confirmations(settings)),
    )


def _confirmations(settings: Settings) -> Iterator[ConfirmationMethod]:
    """Yield what a token may be bound to: `web.checks.binding` checks the proof of each."""
    if settings.auth0_dpop != "off":
        yield "jkt"
    if settings.auth0_client_certificate_header and settings.auth0_dpop != "required":
        yield "x5t#S256"


def policy_or_off(text: str) -> Policy | None:
    """Return a rate limit policy, or None for `off`."""
    return None if text == "off" else Policy.parse(text)
