"""Request and response bodies of the service's routes; the body of an error is in `problem_schema`."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    JsonValue,
    SecretStr,
    model_validator,
)
from pydantic.alias_generators import to_camel

from auth0_sso.management.metadata import require_storable
from auth0_sso.management.models import LogEntry, ManagementModel, Role, User
from auth0_sso.web.body import Body


def _storable(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    require_storable(value)
    return value


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice")
    return values


Metadata = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
Shown = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""What always has a value at Auth0; null where it cannot be read."""

RoleName = Annotated[str, Field(min_length=1, max_length=255)]
RoleId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class VisibleClaims(Body):
    """The claims of an access token that its bearer may see, by their names in the token."""

    model_config = ConfigDict(alias_generator=None)

    sub: str
    iss: str
    aud: list[str]
    iat: int | float
    exp: int | float
    client_id: str | None
    scope: str
    permissions: list[str]
    org_id: str | None


class Home(Body):
    """The public answer of the service."""

    message: str
    authenticated: bool
    user: VisibleClaims | None


Unreadable = Annotated[
    list[str],
    Field(
        default_factory=list,
        exclude_if=lambda names: not names,
        description="Members that Auth0 holds in a form that cannot be read, or that were too much for one answer. "
        "They are shown as if they were not set. Left out where there are none.",
        examples=[["metadata"]],
    ),
]


class _Shown(Body):
    """Something of Auth0's, as far as it can be read."""

    unreadable: Unreadable

    @classmethod
    def of_document(cls, document: ManagementModel, names: Mapping[str, str]) -> Self:
        """Return what of a document is shown; `names` are the members whose names differ here."""
        shown = {name: names.get(name, name) for name in cls.model_fields if name != "unreadable"}
        odd = [to_camel(name) for name, theirs in shown.items() if theirs in document.unreadable]
        values = {name: getattr(document, theirs) for name, theirs in shown.items()}
        return cls.model_validate({**values, "unreadable": odd})


class _ShownUser(_Shown):
    email: str | None
    name: str | None
    picture: str | None
    email_verified: bool
    last_login: str | None
    logins_count: int
    metadata: dict[str, JsonValue]
    app_metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, user: User) -> Self:
        """Return what of a user's document is shown."""
        return cls.of_document(user, {"id": "user_id", "metadata": "user_metadata"})


class UserProfile(_ShownUser):
    """A user, as the Management API knows them."""

    id: str = Field(examples=["auth0|6132828a407ec6006935a858"])


class ProfileAnswer(Body):
    """The caller's own profile."""

    profile: UserProfile


class MetadataChange(Body):
    """User metadata to merge: first level only, null deletes a key.

    At most 10 levels, integers within 2^53 and 16 KiB, the last together with what is stored.
    """

    metadata: Metadata = Field(examples=[{"theme": "dark", "nickname": None}])


class MetadataAnswer(_Shown):
    """All user metadata after the merge."""

    message: str
    metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the metadata of a user who has changed it."""
        odd = ["metadata"] if "user_metadata" in user.unreadable else []
        return cls(message="Your metadata is updated.", metadata=user.user_metadata, unreadable=odd)


class ManagedUser(_ShownUser):
    """A user, as an administrator sees them."""

    id: Shown = Field(examples=["auth0|6132828a407ec6006935a858"])
    blocked: bool = Field(description="True as well where Auth0 says neither yes nor no.")
    created_at: str | None


class UserList(Body):
    """One page of users."""

    users: list[ManagedUser]
    total: int
    page: int
    per_page: int


class NewUser(Body):
    """A user to create in a database connection. Auth0's own password policy applies on top."""

    email: EmailStr
    password: SecretStr = Field(min_length=8, max_length=128)
    name: str | None = Field(default=None, min_length=1, max_length=300)
    connection: str = Field(default="Username-Password-Authentication", min_length=1, max_length=128)


class RoleAnswer(_Shown):
    """A role of the tenant."""

    id: Shown
    name: Shown
    description: str | None

    @classmethod
    def of(cls, role: Role) -> Self:
        """Return what of a role is shown."""
        return cls.of_document(role, {})


class RoleList(Body):
    """The roles assigned to a user."""

    roles: list[RoleAnswer]


class RoleChange(Body):
    """Roles to assign or to remove, by id, by name, or both."""

    role_ids: Annotated[list[RoleId], AfterValidator(_unique)] = Field(default_factory=list, max_length=50)
    role_names: Annotated[list[RoleName], AfterValidator(_unique)] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.role_ids and not self.role_names:
            raise ValueError("names no role: give roleIds or roleNames")
        return self


class LogLine(_Shown):
    """Something that happened to a user; `type` is Auth0's code: s for a login, fp for a wrong password."""

    id: Shown
    date: Shown
    type: Shown
    description: str | None
    ip: str | None

    @classmethod
    def of(cls, entry: LogEntry) -> Self:
        """Return what of an entry is shown."""
        return cls.of_document(entry, {"id": "log_id"})


class LogList(Body):
    """One page of a user's log, the latest first."""

    logs: list[LogLine]
    page: int
    per_page: int


class RoleChangeAnswer(Body):
    """What was assigned or removed."""

    message: str
    user_id: str
    role_ids: list[str]


class DataAnswer(Body):
    """The rate-limited data."""

    data: list[str]
    timestamp: str = Field(examples=["2026-01-31T12:00:00Z"])


class Dashboard(Body):
    """The dashboard, and the role that opened it."""

    message: str
    access_level: Literal["admin", "manager"]


class Liveness(Body):
    """The process answers."""

    status: Literal["alive"] = "alive"


class KeyHealth(Body):
    """The state of the signing keys. Times in seconds."""

    state: Literal["fresh", "stale"]
    keys: int
    age: float | None
    next_refresh: float
    last_error: str | None


class StoreState(Body):
    """The state of the store that replicas share."""

    state: Literal["up", "down"]
    last_error: str | None


class Readiness(Body):
    """The service can verify tokens. `sharedStore` is null where each process counts for itself."""

    status: Literal["ready"] = "ready"
    signing_keys: KeyHealth
    shared_store: StoreState | None
