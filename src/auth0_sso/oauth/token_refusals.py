"""Why the token endpoint issued no token: a reason, Auth0's own words, and what to do."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.errors import ClientQuotaError, ClientRefusedError, TenantAnswer, TokenUnavailableError
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.http.tenant_words import words_of
from auth0_sso.log_text import quoted
from auth0_sso.oauth.quota import wait_of

_DOCS: Final = "docs/troubleshooting.md"
_MAX_DESCRIPTION: Final = 300
_ERROR_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_JWT: Final = re.compile(r"eyJ[\w.~+/=-]*")
_REMOVED: Final = "[removed]"

CLIENT_REFUSED: Final = "token_client_refused"
GRANT_MISSING: Final = "token_grant_missing"
AUDIENCE_UNKNOWN: Final = "token_audience_unknown"
GRANT_TYPE_NOT_ALLOWED: Final = "token_grant_type_not_allowed"
RATE_LIMITED: Final = "token_rate_limited"
SUBJECT_REFUSED: Final = "token_subject_refused"
DELEGATION_TOO_DEEP: Final = "token_delegation_too_deep"

HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CLIENT_REFUSED: "check the client id (of the Management API: AUTH0_MANAGEMENT_CLIENT_ID), its secret or "
        "private key, and how that application authenticates (Applications, Credentials)",
        GRANT_MISSING: "authorize this application for the API (Applications, the application, APIs)",
        AUDIENCE_UNKNOWN: "the audience is not an API of this tenant; AUTH0_MANAGEMENT_AUDIENCE ends in /api/v2/, "
        "and has the tenant's own domain, not a custom one",
        GRANT_TYPE_NOT_ALLOWED: "allow the grant type Client Credentials (Applications, the application, Settings, "
        "Advanced Settings, Grant Types)",
        RATE_LIMITED: "other programs ask this tenant for tokens too often, or the client has used up its quota; "
        "this service asks for one of its own once a day",
    }
)
"""What to do, by reason; each has a section of that name in docs/troubleshooting.md."""

# The beginnings of Auth0's own words, which it sends with one error code, `access_denied` (RFC 6749 section 5.2).
_UNKNOWN_AUDIENCE: Final = "Service not "
_SUBJECT: Final = ("subject_token", "subject token", "Subject token")
_DEPTH: Final = "Delegation chain"
_NO_GRANT: Final = ("Client is not authorized to access", "client-grant")


def refusal_of(
    response: BoundedResponse, *, sent: Collection[str], now: WallTime
) -> ClientRefusedError | TokenUnavailableError:
    """Return the error for a response of the token endpoint that is not successful (RFC 6749 section 5.2).

    Its `log_detail` has Auth0's own words, quoted, the request id for Auth0's support, and what to do. `sent` are the
    secrets of the request: neither they nor any JWT are repeated, even if the tenant does. `now` is in
    seconds since 1970.
    """
    error, description = _error_and_description(response, sent)
    reason = _reason_of(response.status, error, description)
    refused: ClientRefusedError | TokenUnavailableError
    wait = wait_of(response.headers, now) if response.status == 429 else None
    if wait is not None:
        refused = ClientQuotaError(reason, retry_after=wait)
    elif response.status == 429 or response.status >= 500:
        refused = TokenUnavailableError(reason, retry_after=5)
    else:
        refused = ClientRefusedError(reason)
    refused.answer = TenantAnswer(response.status, error, request_id_of(response.headers))
    refused.log_detail = words_of(refused.answer, _said(error, description))
    if reason in HINTS:
        refused.log_detail += f"; {HINTS[reason]}: {_DOCS}#{reason}"
    return refused


def _reason_of(status: int, error: str | None, description: str) -> str:
    if status == 429:
        return RATE_LIMITED
    if status >= 500:
        return f"token_status_{status}"
    if description.startswith(_DEPTH):
        return DELEGATION_TOO_DEEP
    if error == "invalid_grant" or (error != "invalid_client" and any(words in description for words in _SUBJECT)):
        return SUBJECT_REFUSED
    if status == 401 or error == "invalid_client":
        return CLIENT_REFUSED
    if description.startswith(_UNKNOWN_AUDIENCE):
        return AUDIENCE_UNKNOWN
    if any(words in description for words in _NO_GRANT):
        return GRANT_MISSING
    if error == "unauthorized_client":
        return GRANT_TYPE_NOT_ALLOWED
    return f"token_status_{status}" if error is None else f"token_{error}"


def _said(error: str | None, description: str) -> str | None:
    words = [*([error] if error else []), *([quoted(description, _MAX_DESCRIPTION)] if description else [])]
    return " ".join(words) or None


def _error_and_description(response: BoundedResponse, sent: Collection[str]) -> tuple[str | None, str]:
    """Return the error code of a response, and its description; None and an empty text where it has none."""
    try:
        document = response.lenient_json()
    except FetchError:
        document = None
    body = document if isinstance(document, dict) else {}
    error, description = body.get("error"), body.get("error_description")
    return (
        error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else None,
        _without_secrets(description, sent) if isinstance(description, str) else "",
    )


def _without_secrets(text: str, sent: Collection[str]) -> str:
    for secret in sent:
        text = text.replace(secret, _REMOVED)
    return _JWT.sub(_REMOVED, text)
