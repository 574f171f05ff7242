"""What the Management API answers, typed: users and roles. Members we do not know are kept."""

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


class RolePage(_Document):
    """One page of roles and the number of all of them (Management API: "Get a user's roles")."""

    roles: tuple[Role, ...]
    total: int
