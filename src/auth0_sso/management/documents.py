"""What the Management API answers, typed. Members we do not know are kept; what Auth0 leaves out has a default."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictBool, ValidationError

from auth0_sso.http.lenient_json import depth_of

MAX_METADATA_DEPTH: Final = 100
"""Levels of metadata that are read. Deeper values could not be written out again: pydantic stops at about 250."""


def _not_too_deep(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if depth_of(value) > MAX_METADATA_DEPTH:
        raise ValueError("is nested too deeply")
    return value


Metadata = Annotated[dict[str, JsonValue], AfterValidator(_not_too_deep), Field(default_factory=dict)]


class Document(BaseModel):
    """One object of an answer. A member that is null, missing or not what it should be has its default."""

    model_config = ConfigDict(extra="allow", frozen=True)

    if_unreadable: ClassVar[Mapping[str, object]] = {}
    """The values of members that cannot be read, where those are not the defaults."""

    unreadable: tuple[str, ...] = ()
    """The names of members that Auth0 sent and we cannot read; all of them where it sent something else."""

    @classmethod
    def of(cls, value: object, *, unread: Collection[str] = ()) -> Self:
        """Return the document in a JSON value, however odd the value is; `unread` members were not asked for."""
        if not isinstance(value, dict):
            return cls.unread()
        members = {
            name: member
            for name, member in value.items()
            if name != "unreadable" and not (member is None and name in cls.model_fields)
        }
        odd = set(unread) | cls._faults(members)
        readable = {name: member for name, member in members.items() if name not in odd}
        return cls.model_validate(cls._instead(odd) | readable)

    @classmethod
    def unread(cls, **known: object) -> Self:
        """Return the document of an answer that cannot be read, but for what is `known` without it."""
        return cls.model_validate(cls._instead({*cls.model_fields} - {*known, "unreadable"}) | known)

    @classmethod
    def _faults(cls, members: Mapping[str, object]) -> set[str]:
        try:
            cls.model_validate(members)
        except ValidationError as error:
            return {str(fault["loc"][0]) for fault in error.errors(include_url=False, include_input=False)}
        return set()

    @classmethod
    def _instead(cls, odd: set[str]) -> dict[str, object]:
        defaults = {name: value for name, value in cls.if_unreadable.items() if name in odd}
        return {**defaults, "unreadable": tuple(sorted(odd))}


class User(Document):
    """A user of the tenant (Management API: "Get a user"). Auth0 leaves out what it has nothing to say about."""

    if_unreadable = {"blocked": True}

    user_id: str = ""
    """Empty where Auth0 sent none that can be read."""
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    picture: str | None = None
    blocked: StrictBool = False
    """True as well where Auth0 sent something that is neither true nor false."""
    created_at: str | None = None
    last_login: str | None = None
    logins_count: int = 0
    user_metadata: Metadata
    app_metadata: Metadata


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of users and the number of all of them (Management API: "List or search users")."""

    users: tuple[User, ...]
    total: int


class Role(Document):
    """A role of the tenant (Management API: "Get a role")."""

    id: str = ""
    name: str = ""
    description: str | None = None


class LogEntry(Document):
    """One event of the tenant's log (Management API: "Get user's log events"); `type` is Auth0's short code."""

    log_id: str = ""
    date: str = ""
    type: str = ""
    description: str | None = None
    ip: str | None = None
    client_name: str | None = None
    user_id: str | None = None
