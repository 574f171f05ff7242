"""What the Management API answers, typed. Members we do not know are kept; what Auth0 leaves out has a default."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class _Document(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class User(_Document):
    """A user of the tenant (Management API: "Get a user"). Auth0 leaves out what it has nothing to say about."""

    user_id: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    picture: str | None = None
    blocked: bool = False
    created_at: str | None = None
    last_login: str | None = None
    logins_count: int = 0
    user_metadata: dict[str, JsonValue] = Field(default_factory=dict)
    app_metadata: dict[str, JsonValue] = Field(default_factory=dict)


class UserPage(_Document):
    """One page of users and the number of all of them (Management API: "List or search users")."""

    users: tuple[User, ...]
    total: int


class Role(_Document):
    """A role of the tenant (Management API: "Get a role")."""

    id: str
    name: str
    description: str | None = None


class Permission(_Document):
    """Something that may be done at one of the tenant's APIs (Management API: "Get a user's permissions")."""

    permission_name: str
    resource_server_identifier: str


class Organization(_Document):
    """An organization of the tenant (Management API: "Get a user's organizations")."""

    id: str
    name: str
    display_name: str | None = None


class Session(_Document):
    """A login that still holds (Management API: "Get sessions for user")."""

    id: str
    user_id: str | None = None
    created_at: str | None = None
    last_interacted_at: str | None = None
    expires_at: str | None = None


class RefreshToken(_Document):
    """A refresh token, without its text (Management API: "Get refresh tokens for a user")."""

    id: str
    user_id: str | None = None
    client_id: str | None = None
    created_at: str | None = None
    expires_at: str | None = None


class LogEntry(_Document):
    """One event of the tenant's log (Management API: "Get user's log events"); `type` is Auth0's short code."""

    log_id: str
    date: str
    type: str
    description: str | None = None
    ip: str | None = None
    client_name: str | None = None
    user_id: str | None = None
