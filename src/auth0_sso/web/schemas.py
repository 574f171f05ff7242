"""Request and response bodies. Members are camelCase on the wire; bodies take no member they do not know."""

import json
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, JsonValue, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from auth0_sso.tenant.documents import User


def _plain_json(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse what JSON cannot carry on: NaN and Infinity, lone surrogates, integers of thousands of digits."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ValueError("holds a number or string that JSON cannot carry") from None
    return value


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice")
    return values


Metadata = Annotated[dict[str, JsonValue], AfterValidator(_plain_json)]
RoleName = Annotated[str, Field(min_length=1, max_length=255)]
RoleId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )


class FieldFault(_Body):
    """One fault in what was sent: where it is, and what is wrong. Never the value."""

    at: list[str] = Field(examples=[["body", "email"]])
    message: str


class Problem(_Body):
    """What went wrong (RFC 9457). `code` is stable and meant for programs; quote `requestId` in reports."""

    type: str = Field(default="about:blank", description="RFC 9457: about:blank says no more than the status does.")
    title: str = Field(examples=["Unauthorized"])
    status: int = Field(examples=[401])
    code: str = Field(examples=["invalid_token"])
    detail: str = Field(examples=["The access token has expired."])
    request_id: str
    retry_after: int | None = Field(default=None, description="Seconds to wait before the next try.")
    errors: list[FieldFault] | None = Field(default=None, description="What is wrong with each part of the request.")


class VisibleClaims(_Body):
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


class Home(_Body):
    """The public answer of the service."""

    message: str
    authenticated: bool
    user: VisibleClaims | None


class UserProfile(_Body):
    """A user, as the Management API knows them."""

    id: str = Field(examples=["auth0|6132828a407ec6006935a858"])
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
        return cls.model_validate(
            {
                **{name: getattr(user, name) for name in cls.model_fields if name in User.model_fields},
                "id": user.user_id,
                "metadata": user.user_metadata,
            }
        )


class ProfileAnswer(_Body):
    """The caller's own profile."""

    profile: UserProfile


class MetadataChange(_Body):
    """User metadata to merge: first level only, null deletes a key."""

    metadata: Metadata = Field(examples=[{"theme": "dark", "nickname": None}])


class MetadataAnswer(_Body):
    """All user metadata after the merge."""

    message: str
    metadata: dict[str, JsonValue]


class ManagedUser(UserProfile):
    """A user, as an administrator sees them."""

    blocked: bool
    created_at: str | None


class UserList(_Body):
    """One page of users."""

    users: list[ManagedUser]
    total: int
    page: int
    per_page: int


class NewUser(_Body):
    """A user to create in a database connection. Auth0's own password policy applies on top."""

    email: EmailStr
    password: SecretStr = Field(min_length=8, max_length=128)
    name: str | None = Field(default=None, min_length=1, max_length=300)
    connection: str = Field(default="Username-Password-Authentication", min_length=1, max_length=128)


class RoleAnswer(_Body):
    """A role of the tenant."""

    id: str
    name: str
    description: str | None


class RoleList(_Body):
    """The roles assigned to a user."""

    roles: list[RoleAnswer]


class RoleChange(_Body):
    """Roles to assign or to remove, by id, by name, or both."""

    role_ids: Annotated[list[RoleId], AfterValidator(_unique)] = Field(default_factory=list, max_length=50)
    role_names: Annotated[list[RoleName], AfterValidator(_unique)] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.role_ids and not self.role_names:
            raise ValueError("names no role: give roleIds or roleNames")
        return self


class LogLine(_Body):
    """Something that happened to a user; `type` is Auth0's code: s for a login, fp for a wrong password."""

    id: str
    date: str
    type: str
    description: str | None
    ip: str | None


class LogList(_Body):
    """One page of a user's log, the latest first."""

    logs: list[LogLine]
    page: int
    per_page: int


class RoleChangeAnswer(_Body):
    """What was assigned or removed."""

    message: str
    user_id: str
    role_ids: list[str]


class DataAnswer(_Body):
    """The rate-limited data."""

    data: list[str]
    timestamp: str = Field(examples=["2026-01-31T12:00:00Z"])


class Dashboard(_Body):
    """The dashboard, and the role that opened it."""

    message: str
    access_level: Literal["admin", "manager"]


class Liveness(_Body):
    """The process answers."""

    status: Literal["alive"] = "alive"


class KeyHealth(_Body):
    """The state of the signing keys. Times in seconds."""

    state: Literal["fresh", "stale"]
    keys: int
    age: float | None
    next_refresh: float
    last_error: str | None


class StoreState(_Body):
    """The state of the store that replicas share."""

    state: Literal["up", "down"]
    last_error: str | None


class Readiness(_Body):
    """The service can verify tokens. `sharedStore` is null where each process counts for itself."""

    status: Literal["ready"] = "ready"
    signing_keys: KeyHealth
    shared_store: StoreState | None
