"""The objects of the Management API as pydantic models. Unknown members are kept; missing ones have a default."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictBool, ValidationError

from auth0_sso.http.lenient_json import depth_of

MAX_METADATA_DEPTH: Final = 100
"""Levels of metadata that are accepted. Deeper values could not be serialized: pydantic stops at about 250."""


def _not_too_deep(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if depth_of(value) > MAX_METADATA_DEPTH:
        raise ValueError("is nested too deeply")
    return value


Metadata = Annotated[dict[str, JsonValue], AfterValidator(_not_too_deep), Field(default_factory=dict)]


class ManagementModel(BaseModel):
    """One object of a response. A member that is null, missing or malformed has its default."""

    model_config = ConfigDict(extra="allow", frozen=True)

    unreadable_defaults: ClassVar[Mapping[str, object]] = {}
    """The values of malformed members, where these are not the defaults."""

    unreadable: tuple[str, ...] = ()
    """The names of members that were malformed or omitted; all members if the value was not an object."""

    @classmethod
    def parse(cls, value: object, *, omitted: Collection[str] = ()) -> Self:
        """Return the model of any JSON value, malformed ones included; `omitted` members are unreadable."""
        if not isinstance(value, dict):
            return cls.unreadable_except()
        members = {
            name: member
            for name, member in value.items()
            if name != "unreadable" and not (member is None and name in cls.model_fields)
        }
        unreadable = set(omitted) | cls._malformed(members)
        readable = {name: member for name, member in members.items() if name not in unreadable}
        return cls.model_validate(cls._defaults(unreadable) | readable)

    @classmethod
    def unreadable_except(cls, **known: object) -> Self:
        """Return a model whose members are all unreadable except the `known` ones."""
        return cls.model_validate(cls._defaults({*cls.model_fields} - {*known, "unreadable"}) | known)

    @classmethod
    def _malformed(cls, members: Mapping[str, object]) -> set[str]:
        try:
            cls.model_validate(members)
        except ValidationError as error:
            return {str(fault["loc"][0]) for fault in error.errors(include_url=False, include_input=False)}
        return set()

    @classmethod
    def _defaults(cls, unreadable: set[str]) -> dict[str, object]:
        defaults = {name: value for name, value in cls.unreadable_defaults.items() if name in unreadable}
        return {**defaults, "unreadable": tuple(sorted(unreadable))}


class User(ManagementModel):
    """A user of the tenant (Management API: "Get a user"). Auth0 omits members without a value."""

    unreadable_defaults = {"blocked": True}

    user_id: str = ""
    """Empty if it is malformed."""
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    picture: str | None = None
    blocked: StrictBool = False
    """Also true if it is malformed."""
    created_at: str | None = None
    last_login: str | None = None
    logins_count: int = 0
    user_metadata: Metadata
    app_metadata: Metadata


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of users, and the total number of users (Management API: "List or search users")."""

    users: tuple[User, ...]
    total: int


class Role(ManagementModel):
    """A role of the tenant (Management API: "Get a role")."""

    id: str = ""
    name: str = ""
    description: str | None = None


class LogEntry(ManagementModel):
    """One event of the tenant log (Management API: "Get user's log events"); `type` is Auth0's short code."""

    log_id: str = ""
    date: str = ""
    type: str = ""
    description: str | None = None
    ip: str | None = None
    client_name: str | None = None
    user_id: str | None = None
