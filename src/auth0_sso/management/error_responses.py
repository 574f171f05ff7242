"""Error responses of the Management API, as errors: whose fault it is, and Auth0's message if it sent one."""

import logging
import re
from typing import Final

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
    TenantError,
)
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.http.tenant_words import words_of
from auth0_sso.log_text import quoted

_log = logging.getLogger(__name__)

_MAX_MESSAGE_LENGTH: Final = 500
_GLOBAL_LIMIT: Final = "Global limit has been reached"
_ERROR_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MISSING_SCOPES = re.compile(r"Insufficient scope, expected any of: ([\w:,; ]+)")


def error_of(response: BoundedResponse) -> Auth0SsoError:
    """Return the error for a response that is not successful, with what Auth0's support needs to find the call."""
    message, code = _message_and_code(response)
    error = _error_for(response.status, message, code)
    error.answer = answer = TenantAnswer(response.status, code, request_id_of(response.headers))
    if isinstance(error, TenantError):
        error.log_detail = words_of(answer, quoted(message, _MAX_MESSAGE_LENGTH) if message else None)
    if isinstance(error, ManagementRefusedError):
        grant = f"; grant it one of {', '.join(error.scopes)}" if error.scopes else ""
        _log.error("the Management API rejects this service (%s): %s%s", error.reason, error.log_detail, grant)
    return error


def unavailable(error: FetchError, *, url: str) -> ManagementUnavailableError:
    """Return the error for a request to `url` that got no response."""
    unavailable_error = ManagementUnavailableError(error.reason, retry_after=5)
    unavailable_error.log_detail = url if error.cause is None else f"{url}: {error.cause}"
    return unavailable_error


def _error_for(status: int, message: str, code: str | None) -> Auth0SsoError:
    reason = code or f"status_{status}"
    if status == 429 or message == _GLOBAL_LIMIT:
        return ManagementRateLimitedError(retry_after=1)
    match status:
        case 400 if code == "Bearer":  # Auth0's response to a token that is not a JWT: our token, not the caller's
            return ManagementRefusedError("token_malformed")
        case 400 if code == "invalid_paging":
            return InvalidInputError("Auth0 lists the first 1,000 records only.", reason=code)
        case 400:
            return InvalidInputError(message or "The identity provider does not accept this.", reason=reason)
        case 401 | 403:
            return ManagementRefusedError(reason, scopes=_missing_scopes(message))
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


def _message_and_code(response: BoundedResponse) -> tuple[str, str | None]:
    """Return the message and error code of Auth0's error object, both of limited length; empty if it has none."""
    try:
        document = response.lenient_json()
    except FetchError:
        document = None
    error = document if isinstance(document, dict) else {}
    message, code = error.get("message"), error.get("errorCode")
    return (
        message[:_MAX_MESSAGE_LENGTH] if isinstance(message, str) and message.isprintable() else "",
        code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else None,
    )
