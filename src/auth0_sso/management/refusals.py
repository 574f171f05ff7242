"""What a failed answer of the Management API means: whose fault it is, in Auth0's own words where it has some."""

import logging
import re
from typing import Final

import httpx

from auth0_sso.errors import (
    Auth0SsoError,
    ConflictError,
    InvalidInputError,
    ManagementAnswerError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    NotFoundError,
    TenantAnswer,
)
from auth0_sso.http.bounded_http import BoundedResponse, FetchError

_log = logging.getLogger(__name__)

_MAX_MESSAGE_LENGTH: Final = 500
_GLOBAL_LIMIT: Final = "Global limit has been reached"
_MISSING_SCOPES = re.compile(r"Insufficient scope, expected any of: ([\w:,; ]+)")
_REQUEST_ID_HEADERS: Final = ("X-Auth0-RequestId", "ot-baggage-auth0-request-id")


def refusal_of(answer: BoundedResponse) -> Auth0SsoError:
    """Return the error that an answer without success means, with what Auth0's support needs to find the call."""
    message, code = _error_of(answer)
    error = _error_for(answer.status, message, code)
    error.answer = TenantAnswer(answer.status, code, _request_id(answer.headers))
    return error


def _error_for(status: int, message: str, code: str | None) -> Auth0SsoError:
    reason = code or f"status_{status}"
    if status == 429 or message == _GLOBAL_LIMIT:
        return ManagementRateLimitedError(retry_after=1)
    match status:
        case 400 if code == "Bearer":  # Auth0's answer to a token that is no JWT: ours, not the caller's
            return ManagementRefusedError("token_malformed")
        case 400 if code == "invalid_paging":
            return InvalidInputError("Auth0 lists the first 1,000 records only.", reason=code)
        case 400:
            return InvalidInputError(message or "The identity provider does not accept this.", reason=reason)
        case 401 | 403:
            scopes = _missing_scopes(message)
            grant = f"; grant it one of {', '.join(scopes)}" if scopes else ""
            _log.error("the Management API refuses this service (%s): %s%s", reason, message, grant)
            return ManagementRefusedError(reason, scopes=scopes)
        case 404:
            return NotFoundError(message or "There is no such thing.", reason=reason)
        case 409:
            return ConflictError(message or "That exists already.", reason=reason)
        case _ if status == 408 or status >= 500:
            return ManagementUnavailableError(f"status_{status}", retry_after=5)
        case _:
            return ManagementAnswerError(f"status_{status}")


def _missing_scopes(message: str) -> tuple[str, ...]:
    found = _MISSING_SCOPES.fullmatch(message)
    return tuple(re.findall(r"[\w:]+", found[1])) if found else ()


def _error_of(answer: BoundedResponse) -> tuple[str, str | None]:
    """Return the message and error code of Auth0's error object, both of bounded length; empty where it has none."""
    try:
        document = answer.lenient_json()
    except FetchError:
        document = None
    error = document if isinstance(document, dict) else {}
    message, code = error.get("message"), error.get("errorCode")
    return (
        message[:_MAX_MESSAGE_LENGTH] if isinstance(message, str) and message.isprintable() else "",
        code if isinstance(code, str) and code.isidentifier() and len(code) <= 64 else None,
    )


def _request_id(headers: httpx.Headers) -> str | None:
    """Return the id under which Auth0's support finds the call."""
    for name in _REQUEST_ID_HEADERS:
        value: str = headers.get(name, "")
        if 0 < len(value) <= 128 and value.isascii() and value.isprintable():
            return value
    return None
