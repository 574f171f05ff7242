"""The Management API v2 for users and their roles: typed, bounded, and careful with ids.

A user id is whatever a connection made it, so it travels as one quoted path segment; left alone, `x/../../clients`
would reach another endpoint with our token.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from auth0_sso.errors import (
    Auth0SsoError,
    ConflictError,
    InvalidInputError,
    ManagementAnswerError,
    ManagementRefusedError,
    ManagementUnavailableError,
    NotFoundError,
)
from auth0_sso.tenant.capped import Answer, FetchError, exchange
from auth0_sso.tenant.credentials import management_error
from auth0_sso.tenant.documents import Role, RolePage, User, UserPage

_log = logging.getLogger(__name__)

_DEADLINE = 8.0
_MAX_ANSWER_BYTES = 4 * 1024 * 1024  # a page of 100 users with 10 KiB of metadata each, and room
_MOST_ROLES = 100  # per page; Auth0 allows a user 50 roles, so one page holds them all

_LONGEST_MESSAGE = 500
_MOST_IN_FLIGHT = 10  # the rest wait their turn: all at once, a thousand calls would all be late

M = TypeVar("M", bound=BaseModel)


class ManagementClient:
    """Calls the Management API with our own credentials; a caller's token never comes near it.

    Every method raises `ManagementUnavailableError` when Auth0 does not answer or asks us to wait,
    `ManagementRefusedError` when our credentials or scopes do not suffice, `ManagementAnswerError` for an answer
    that cannot be read, `NotFoundError` for a user or role that is not there, and `InvalidInputError` or
    `ConflictError` with Auth0's own words for what it declines.
    """

    def __init__(self, client: httpx.AsyncClient, base_url: str, auth: httpx.Auth) -> None:
        """Take the tenant's address with its trailing slash, and what authenticates us there."""
        self._client = client
        self._api = f"{base_url}api/v2"
        self._auth = auth
        self._turns = asyncio.Semaphore(_MOST_IN_FLIGHT)

    async def get_user(self, user_id: str) -> User:
        """Return one user."""
        return _read(User, await self._call("GET", _user_path(user_id)))

    async def list_users(self, *, page: int = 0, per_page: int = 50) -> UserPage:
        """Return one page of users, counted from 0, with the total. Auth0 pages through the first 1,000 only."""
        query: dict[str, str | int] = {"page": page, "per_page": per_page, "include_totals": "true"}
        return _read(UserPage, await self._call("GET", "/users", query=query))

    async def create_user(self, *, email: str, password: str, connection: str, name: str | None = None) -> User:
        """Create a user in a database connection and return it."""
        body: dict[str, JsonValue] = {"email": email, "password": password, "connection": connection}
        if name is not None:
            body["name"] = name
        return _read(User, await self._call("POST", "/users", body=body))

    async def update_user_metadata(self, user_id: str, metadata: Mapping[str, JsonValue]) -> User:
        """Merge `metadata` into the user's and return the user: first level only, null deletes a key."""
        body: dict[str, JsonValue] = {"user_metadata": dict(metadata)}
        return _read(User, await self._call("PATCH", _user_path(user_id), body=body))

    async def delete_user(self, user_id: str) -> None:
        """Delete a user; one who is not there is deleted already."""
        await self._call("DELETE", _user_path(user_id))

    async def list_user_roles(self, user_id: str) -> tuple[Role, ...]:
        """Return the roles assigned directly to a user."""
        query: dict[str, str | int] = {"page": 0, "per_page": _MOST_ROLES, "include_totals": "true"}
        return _read(RolePage, await self._call("GET", f"{_user_path(user_id)}/roles", query=query)).roles

    async def assign_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Give roles, by id, to a user."""
        await self._call("POST", f"{_user_path(user_id)}/roles", body={"roles": list(role_ids)})

    async def remove_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Take roles, by id, from a user."""
        await self._call("DELETE", f"{_user_path(user_id)}/roles", body={"roles": list(role_ids)})

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Answer:
        request = self._client.build_request(method, self._api + path, params=query, json=body)
        try:
            async with asyncio.timeout(_DEADLINE), self._turns:
                answer = await self._exchange(request)
                if answer.status == 401:  # the auth has dropped that token: once more, with another
                    answer = await self._exchange(request)
        except TimeoutError:
            raise management_error(FetchError("timeout")) from None
        except FetchError as error:
            raise management_error(error) from None
        if answer.status >= 300:
            raise _refusal(answer)
        return answer

    async def _exchange(self, request: httpx.Request) -> Answer:
        return await exchange(self._client, request, deadline=_DEADLINE, max_bytes=_MAX_ANSWER_BYTES, auth=self._auth)


def _user_path(user_id: str) -> str:
    # quote() leaves dots alone, and httpx resolves dot segments.
    try:
        segment = quote(user_id, safe="")
    except UnicodeEncodeError:
        segment = ""
    if segment in {"", ".", ".."}:
        raise NotFoundError("There is no such user.", reason="user_id_invalid")
    return f"/users/{segment}"


def _read(model: type[M], answer: Answer) -> M:
    try:
        return model.model_validate(answer.json())
    except FetchError as error:
        raise ManagementAnswerError(error.reason) from None
    except ValidationError:
        # The error would quote the answer, and with it somebody's profile.
        raise ManagementAnswerError(f"not_a_{model.__name__.lower()}") from None


def _refusal(answer: Answer) -> Auth0SsoError:
    """Return the error for an answer that is none of success: whose fault it is decides which."""
    message, code = _error_of(answer)
    match answer.status:
        case 400 if code == "Bearer":  # Auth0's answer to a token that is no JWT: ours, not the caller's
            return ManagementRefusedError("token_malformed")
        case 400:
            return InvalidInputError(message or "The identity provider does not accept this.", reason=code)
        case 401 | 403:
            _log.error("the Management API refuses this service (%s): %s", code, message)
            return ManagementRefusedError(code)
        case 404:
            return NotFoundError(message or "There is no such thing.", reason=code)
        case 409:
            return ConflictError(message or "That exists already.", reason=code)
        case 429:
            return ManagementUnavailableError("rate_limited", retry_after=_wait(answer.headers))
        case status if status >= 500:
            return ManagementUnavailableError(f"status_{status}", retry_after=5)
        case status:
            return ManagementAnswerError(f"status_{status}")


def _error_of(answer: Answer) -> tuple[str, str]:
    """Return the message and error code of Auth0's error object; empty and the status where it gives none."""
    try:
        document = answer.json()
    except FetchError:
        document = None
    error = document if isinstance(document, dict) else {}
    message, code = error.get("message"), error.get("errorCode")
    return (
        message[:_LONGEST_MESSAGE] if isinstance(message, str) and message.isprintable() else "",
        code if isinstance(code, str) and code.isidentifier() and len(code) <= 64 else f"status_{answer.status}",
    )


def _wait(headers: httpx.Headers) -> int:
    """Return the seconds to wait: Retry-After, else until X-RateLimit-Reset (seconds since 1970), else one."""
    for name, now in (("Retry-After", 0.0), ("X-RateLimit-Reset", time.time())):
        value = headers.get(name, "")
        if value.isascii() and value.isdecimal() and len(value) <= 12:
            return min(max(1, ceil(int(value) - now)), 3600)
    return 1
