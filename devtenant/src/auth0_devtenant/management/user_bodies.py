"""The bodies of requests that create and update users."""

import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, StringConstraints

from auth0_devtenant.management.validation import Body, invalid_format

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")


def _check_email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise invalid_format("email", value)
    return value


Email: TypeAlias = Annotated[str, AfterValidator(_check_email)]
Phone: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,15}$")]
Username: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=300)]

METADATA = ("user_metadata", "app_metadata")
ROOT_ATTRIBUTES = ("name", "nickname", "given_name", "family_name", "picture")
"""What an identity provider sets at each login, unless the connection says otherwise."""


class _User(Body):
    email: Email | None = None
    phone_number: Phone | None = None
    username: Username | None = None
    password: str | None = None
    blocked: bool | None = None
    email_verified: bool | None = None
    phone_verified: bool | None = None
    verify_email: bool | None = None
    user_metadata: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    name: Text | None = None
    nickname: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    picture: str | None = None


class CreateUser(_User):
    """A new user of a connection."""

    connection: str
    user_id: Annotated[str, StringConstraints(max_length=255)] | None = None


class UpdateUser(_User):
    """Changes of a user; null removes a member that can be absent."""

    connection: str | None = None
    client_id: str | None = None
    verify_phone_number: bool | None = None
