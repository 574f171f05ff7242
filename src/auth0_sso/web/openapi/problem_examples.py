"""For the OpenAPI document: what each problem looks like, made as the real answers are made."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, Final

from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    ConflictError,
    InsufficientScopeError,
    InvalidInputError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    ManagementAnswerError,
    ManagementNotConfiguredError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    MissingTokenError,
    NotFoundError,
    RateLimitedError,
    ShuttingDownError,
    StoreUnavailableError,
    TemporaryError,
    TenantError,
    UnavailableError,
)
from auth0_sso.web.problems.problems import (
    BODY_TOO_LONG,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    TITLES,
    problem_body,
    status_of,
)

_MALFORMED: Final = 422
_REQUEST_ID: Final = "6f1d0c6b0a0f4a0f8e3c1d2b3a495867"

_ERRORS: Final = (
    MissingTokenError("This needs an access token in the Authorization header."),
    InvalidTokenError("expired", "The access token has expired."),
    InvalidRequestError("The Authorization header does not hold one bearer token."),
    InsufficientScopeError("scope_missing", "The access token does not allow this."),
    InvalidInputError("PasswordStrengthError: Password is too weak"),
    CallerError("This cannot be done."),
    NotFoundError("The user does not exist."),
    ConflictError("The user already exists."),
    RateLimitedError(retry_after=37),
    StoreUnavailableError("timeout"),
    ShuttingDownError(),
    TemporaryError("This process cannot do that now."),
    KeysUnavailableError("unreachable", retry_after=5),
    ManagementUnavailableError("timeout", retry_after=5),
    ManagementRateLimitedError(retry_after=2),
    ManagementRefusedError("insufficient_scope"),
    ManagementAnswerError("not_an_object"),
    ManagementNotConfiguredError(),
    TenantError("The identity provider does not allow this."),
    UnavailableError("The identity provider cannot answer now.", reason="timeout", retry_after=5),
    Auth0SsoError(INTERNAL_ERROR),
)

_EXAMPLES: Final = MappingProxyType(
    {
        (status_of(type(error)), error.code): problem_body(
            status_of(type(error)), error.code, error.detail, _REQUEST_ID, retry_after=error.retry_after
        )
        for error in _ERRORS
    }
    | {
        (405, "method_not_allowed"): problem_body(405, "method_not_allowed", "Method Not Allowed", _REQUEST_ID),
        (413, "content_too_large"): problem_body(413, "content_too_large", BODY_TOO_LONG, _REQUEST_ID),
        (422, "invalid_input"): problem_body(422, "invalid_input", INVALID_REQUEST, _REQUEST_ID),
    }
)

# What a status means where no guard and no route says which of its codes it has.
_USUAL: Final = MappingProxyType(
    {400: "invalid_input", 401: "invalid_token", 502: "management_refused", 503: "management_unavailable"}
)


def examples_of(status: int, codes: Iterable[str], *, at: Sequence[str]) -> dict[str, Any]:
    """Return the `examples` of a response (OpenAPI 3.1, Media Type Object), one for each of the problem's codes.

    `at` is where a malformed request (422) may have its fault.
    """
    shown = {code: _example(status, code) for code in codes or [_usual(status)]}
    if status == _MALFORMED:
        for problem in shown.values():
            problem["errors"] = [{"at": list(at), "message": "The value is not valid"}]
    return {code: {"summary": code, "value": problem} for code, problem in shown.items()}


def _usual(status: int) -> str:
    return _USUAL.get(status) or next((code for known, code in _EXAMPLES if known == status), "http_error")


def _example(status: int, code: str) -> dict[str, Any]:
    known = _EXAMPLES.get((status, code))
    return (
        problem_body(status, code, f"{TITLES.get(status, 'Error')}.", _REQUEST_ID) if known is None else dict(known)
    )
