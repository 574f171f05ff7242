"""What happens while an app runs, as values: metrics, the audit trail and traces are made of them.

A part of the app takes an `Observer` and calls it with each event. An observer returns at once and raises nothing: it
is called where requests are served. No event holds a token, a secret or a header's value. Events of each request are
named tuples, which are made faster than frozen dataclasses.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from auth0_sso.errors import Auth0SsoError

TenantApi = Literal["discovery", "jwks", "token", "management"]
Component = Literal["signing keys", "management", "shared store", "audit database"]
ShedReason = Literal["concurrency", "queue_delay"]
RevocationCause = Literal["logout", "admin", "event"]
"""A logout token of Auth0's, a route of /admin, or an event of Auth0's Event Streams."""
RoleLookupResult = Literal["cached", "shared", "fetched", "stale", "failed"]


class Caller(Protocol):
    """Who sent a request: what its verified access token says."""

    @property
    def subject(self) -> str:
        """A user, or a machine."""

    @property
    def client_id(self) -> str | None:
        """The application that the token was issued to."""

    @property
    def organization(self) -> str | None:
        """The id of the organization that the user logged in to."""


class RequestServed(NamedTuple):
    """A request was answered, or aborted."""

    method: str
    route: str | None
    """The template of its path; None where no route was found."""
    status: int
    """0 where no answer began."""
    seconds: float
    allowed: bool = False
    """Its access token was verified, and it was not refused."""


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """A request or WebSocket ended in one of this package's errors."""

    scope: Mapping[str, Any]
    """The ASGI scope; an observer reads what it needs at once and does not keep it."""
    error: Auth0SsoError
    caller: Caller | None = None
    """None where no token was verified."""
    route: str | None = None
    """The template of its path, or the path of its rule."""
    request_id: str | None = None
    trace_id: str | None = None
    tenant: str = ""
    """The issuer of the caller's tenant; empty for that of AUTH0_DOMAIN."""


@dataclass(frozen=True, slots=True)
class RequestShed:
    """A request got 503 before anything was checked, because there were too many; it is not a `RequestServed`."""

    reason: ShedReason
    """Too many requests were in flight, or the event loop was too busy to serve this one in time."""


@dataclass(frozen=True, slots=True)
class TokenVerified:
    """An access token that was not in the cache was verified, or refused."""

    valid: bool
    seconds: float
    """With the fetch of signing keys, if it waited for one."""


class RateLimitDecision(NamedTuple):
    """A request was counted, or refused, under a rate limit."""

    name: str
    allowed: bool
    counted_by: Literal["store", "memory", "none"]


class RoleLookup(NamedTuple):
    """The roles of a user were needed."""

    result: RoleLookupResult


@dataclass(frozen=True, slots=True)
class TenantRequest:
    """One HTTP request to the tenant has ended; a retry is another."""

    api: TenantApi
    method: str
    operation: str
    """What was asked, without ids: a template such as `/users/{id}/roles`."""
    seconds: float
    status: int | None = None
    error: str | None = None
    """Why there is no answer, in a word."""
    request_id: str | None = None
    """Auth0's, for its support."""
    budget_left: int | None = None
    """What Auth0 says of its rate limit: X-RateLimit-Remaining."""
    retry: bool = False
    """It repeats one that failed."""
    issuer: str = ""
    """The issuer of the tenant, for its Management API; empty where there is one issuer."""


@dataclass(frozen=True, slots=True)
class TenantCallShed:
    """A call of the tenant was not sent, or a request may not wait for one that is in progress."""

    api: TenantApi
    reason: Literal["circuit_open", "rate_limited", "queue_full"]


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """The issuer's key set has changed, or was fetched for the first time. Of each key its kid."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    issuer: str = ""
    """Whose keys they are; empty where there is one issuer."""


@dataclass(frozen=True, slots=True)
class OutageBegan:
    """A part that requests need does not work any more; an app that starts begins without outages."""

    component: Component
    reason: str
    issuer: str = ""
    """The issuer of the tenant that it is a part of; empty where there is one issuer."""


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """It works again."""

    component: Component
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class TokensRevoked:
    """Access tokens are refused from now on, though they have not expired: those of a session, or of a user."""

    cause: RevocationCause
    subject: str | None
    session_id: str | None = None
    """Where it is given, only the tokens of this session are refused, if tokens say which session they are of."""
    tenant: str = ""
    """The issuer of their tenant; empty for that of AUTH0_DOMAIN."""


@dataclass(frozen=True, slots=True)
class TenantLogEvents:
    """What Auth0 has logged: failed logins, blocked addresses (Auth0: "Log Event Type Codes")."""

    type: str
    """One of a fixed list of codes, or `other`."""
    number: int
    """How many; 0 as an app starts."""


Event: TypeAlias = (
    RequestServed
    | RequestRefused
    | RequestShed
    | TokenVerified
    | RateLimitDecision
    | RoleLookup
    | TenantRequest
    | TenantCallShed
    | KeysChanged
    | OutageBegan
    | OutageEnded
    | TokensRevoked
    | TenantLogEvents
)

Observer: TypeAlias = Callable[[Event], None]


def ignore(_: Event) -> None:
    """Observe nothing."""


IGNORE: Final[Observer] = ignore


class EventHandlers:
    """An observer with a handler for each type of event that it observes."""

    handlers: Mapping[type, Callable[[Any], None]]

    def __call__(self, event: Event) -> None:
        """Handle an event; one of another type is ignored."""
        handler = self.handlers.get(type(event))
        if handler is not None:
            handler(event)


def observers(*each: Observer) -> Observer:
    """Return one observer that calls each in turn."""
    used = tuple(observer for observer in each if observer is not IGNORE)
    if len(used) < 2:
        return used[0] if used else IGNORE
    types = {event for observer in used for event in _handlers_of(observer) or ()}
    # Found once for each type: calls that end in nothing would take as long as a count, twice in each request.
    called = {event: tuple(_callables(used, event)) for event in types}
    others = tuple(observer for observer in used if _handlers_of(observer) is None)

    def observe(event: Event) -> None:
        for call in called.get(type(event), others):
            call(event)

    return observe


def _callables(used: Iterable[Observer], event: type) -> Iterator[Callable[[Any], None]]:
    for observer in used:
        handlers = _handlers_of(observer)
        if handlers is None:
            yield observer
        elif event in handlers:
            yield handlers[event]


def _handlers_of(observer: Observer) -> Mapping[type, Callable[[Any], None]] | None:
    """Return what an observer does with each type of event; None for a function, and for a subclass of its own."""
    if isinstance(observer, EventHandlers) and type(observer).__call__ is EventHandlers.__call__:
        return observer.handlers
    return None
