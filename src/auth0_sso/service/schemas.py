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


def _require_storable(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    require_storable(value)
    return value


def _require_unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("contains duplicates")
    return values


def _at_least_one(member: str) -> dict[str, JsonValue]:
    """Return the JSON schema of an object whose array of that name is not empty."""
    return {"required": [member], "properties": {member: {"minItems": 1}}}


Metadata = Annotated[dict[str, JsonValue], AfterValidator(_require_storable)]
NullIfUnreadable = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""Always has a value at Auth0; null if it cannot be read."""

RoleName = Annotated[str, Field(min_length=1, max_length=255)]
RoleId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class VisibleClaims(Body):
    """The claims of the caller's access token, by their names in the token."""

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
    """The response of the public route."""

    message: str
    authenticated: bool
    user: VisibleClaims | None


Unreadable = Annotated[
    list[str],
    Field(
        default_factory=list,
        exclude_if=lambda names: not names,
        description="Members that cannot be read in Auth0's response, or that are too large for one response. "
        "They are shown as if they were not set. Left out if there are none.",
        examples=[["metadata"]],
    ),
]


class _Resource(Body):
    """A resource of the Management API, as far as it can be read."""

    unreadable: Unreadable

    @classmethod
    def of_document(cls, document: ManagementModel, names: Mapping[str, str]) -> Self:
        """Return the resource of a document; `names` maps members to names in the document that differ."""
        fields = {name: names.get(name, name) for name in cls.model_fields if name != "unreadable"}
        unreadable = [to_camel(name) for name, source in fields.items() if source in document.unreadable]
        values = {name: getattr(document, source) for name, source in fields.items()}
        return cls.model_validate({**values, "unreadable": unreadable})


class _UserResource(_Resource):
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
        """Return the resource of a user document."""
        return cls.of_document(user, {"id": "user_id", "metadata": "user_metadata"})


class UserProfile(_UserResource):
    """The profile of a user, from the Management API."""

    id: str = Field(examples=["auth0|6132828a407ec6006935a858"])


class ProfileResponse(Body):
    """The caller's own profile."""

    profile: UserProfile


class MetadataChange(Body):
    """User metadata to merge: first level only, null deletes a key.

    At most 10 levels, integers within 2^53, and 16 KiB after the merge.
    """

    metadata: Metadata = Field(examples=[{"theme": "dark", "nickname": None}])


class MetadataResponse(_Resource):
    """All user metadata after the merge."""

    message: str
    metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the metadata of a user after the merge."""
        unreadable = ["metadata"] if "user_metadata" in user.unreadable else []
        return cls(message="Your metadata is updated.", metadata=user.user_metadata, unreadable=unreadable)


class ManagedUser(_UserResource):
    """A user, for administrators."""

    id: NullIfUnreadable = Field(examples=["auth0|6132828a407ec6006935a858"])
    blocked: bool = Field(description="Also true if Auth0's value is neither true nor false.")
    created_at: str | None


class UserList(Body):
    """One page of users."""

    users: list[ManagedUser]
    total: int
    page: int
    per_page: int


class NewUser(Body):
    """A user to create in a database connection. Auth0's password policy applies as well."""

    email: EmailStr
    password: SecretStr = Field(min_length=8, max_length=128)
    name: str | None = Field(default=None, min_length=1, max_length=300)
    connection: str = Field(default="Username-Password-Authentication", min_length=1, max_length=128)


class RoleResponse(_Resource):
    """A role of the tenant."""

    id: NullIfUnreadable
    name: NullIfUnreadable
    description: str | None

    @classmethod
    def of(cls, role: Role) -> Self:
        """Return the resource of a role document."""
        return cls.of_document(role, {})


class RoleList(Body):
    """The roles assigned to a user."""

    roles: list[RoleResponse]


class RoleChange(Body):
    """Roles to assign or to remove, by id, by name, or both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_at_least_one("roleIds"), _at_least_one("roleNames")]})

    role_ids: Annotated[list[RoleId], AfterValidator(_require_unique)] = Field(
        default_factory=list, max_length=50, json_schema_extra={"uniqueItems": True}
    )
    role_names: Annotated[list[RoleName], AfterValidator(_require_unique)] = Field(
        default_factory=list, max_length=50, json_schema_extra={"uniqueItems": True}
    )

    @model_validator(mode="after")
    def _require_roles(self) -> Self:
        if not self.role_ids and not self.role_names:
            raise ValueError("needs roleIds or roleNames")
        return self


class LogEvent(_Resource):
    """A log event of a user. `type` is Auth0's event type code, such as s (login) or fp (wrong password)."""

    id: NullIfUnreadable
    date: NullIfUnreadable
    type: NullIfUnreadable
    description: str | None
    ip: str | None

    @classmethod
    def of(cls, entry: LogEntry) -> Self:
        """Return the resource of a log entry."""
        return cls.of_document(entry, {"id": "log_id"})


class LogList(Body):
    """One page of a user's log events, latest first."""

    logs: list[LogEvent]
    page: int
    per_page: int


class RoleChangeResponse(Body):
    """The roles that were assigned or removed."""

    message: str
    user_id: str
    role_ids: list[str]


class DataResponse(Body):
    """The rate-limited data."""

    data: list[str]
    timestamp: str = Field(examples=["2026-01-31T12:00:00Z"])


class Dashboard(Body):
    """The dashboard, and the role that gave access to it."""

    message: str
    access_level: Literal["admin", "manager"]


class Liveness(Body):
    """The liveness check: the process responds."""

    status: Literal["alive"] = "alive"


class KeyHealth(Body):
    """The state of the signing keys. Times are in seconds."""

    state: Literal["fresh", "stale", "missing"]
    keys: int
    age: float | None
    next_refresh: float
    last_error: str | None


class StoreState(Body):
    """The state of the shared store."""

    state: Literal["up", "down"]
    last_error: str | None


class ManagementState(Body):
    """The state of the Management API and of our credentials there; `unknown` until the first call."""

    state: Literal["unknown", "up", "unavailable", "refused"]
    last_error: str | None


class AuditState(Body):
    """The state of the audit database, and how many records it does not have yet or never will."""

    state: Literal["up", "down"]
    last_error: str | None
    pending: int
    lost: int


class IssuerState(Body):
    """The state of one issuer, and of the Management API of its tenant."""

    issuer: str
    signing_keys: KeyHealth
    management: ManagementState | None


class Readiness(Body):
    """The readiness check: the process can verify tokens. A part that is not configured is null."""

    status: Literal["ready"] = "ready"
    signing_keys: KeyHealth
    shared_store: StoreState | None
    management: ManagementState | None
    audit_database: AuditState | None
    revocations: int = Field(description="How many sessions and users this process refuses access tokens of.")
    other_issuers: list[IssuerState] = Field(description="Those of AUTH0_ISSUERS.")
