"""For the OpenAPI document: what each problem looks like, made as the real answers are made."""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain, count
from types import MappingProxyType
from typing import Any, Final

from auth0_sso.errors import (
    AuditUnavailableError,
    Auth0SsoError,
    CallerError,
    ConflictError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDPoPProofError,
    InvalidInputError,
    InvalidLogoutTokenError,
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
    UseDPoPNonceError,
)
from auth0_sso.web.openapi.notes import NotedProblem
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
    InvalidTokenError("aud_mismatch", "The access token's aud claim is not the one expected here."),
    InvalidTokenError("signature_mismatch", "The access token's signature is wrong."),
    InvalidDPoPProofError("dpop_missing", "The access token is bound to a key: send a DPoP proof with it."),
    UseDPoPNonceError("dpop_nonce_missing", "x"),
    InvalidRequestError("The Authorization header does not hold one bearer token."),
    InsufficientUserAuthenticationError("mfa_not_used", "This needs a stronger or more recent login."),
    InvalidLogoutTokenError("logout_expired"),
    InsufficientScopeError("scope_missing", "The access token does not allow this."),
    InvalidInputError("PasswordStrengthError: Password is too weak"),
    CallerError("This cannot be done."),
    NotFoundError("The user does not exist."),
    ConflictError("The user already exists."),
    RateLimitedError(retry_after=37),
    StoreUnavailableError("timeout"),
    AuditUnavailableError(),
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


def _body(status: int, code: str, detail: str, retry_after: int | None = None) -> Mapping[str, Any]:
    return problem_body(status, code, detail, _REQUEST_ID, retry_after=retry_after)


def _only(status: int, code: str, detail: str) -> Mapping[str, Mapping[str, Any]]:
    return {code: _body(status, code, detail)}


def _by_code(errors: Iterable[Auth0SsoError]) -> dict[tuple[int, str], dict[str, Mapping[str, Any]]]:
    found: dict[tuple[int, str], dict[str, Mapping[str, Any]]] = {}
    for error in errors:
        status = status_of(type(error))
        body = _body(status, error.code, error.detail, error.retry_after)
        found.setdefault((status, error.code), {})[error.reason] = body
    return found


# By status and code: the problem as it is answered, for each error by its reason.
_EXAMPLES: Final[Mapping[tuple[int, str], Mapping[str, Mapping[str, Any]]]] = MappingProxyType(
    {
        **_by_code(_ERRORS),
        (405, "method_not_allowed"): _only(405, "method_not_allowed", "Method Not Allowed"),
        (413, "content_too_large"): _only(413, "content_too_large", BODY_TOO_LONG),
        (422, "invalid_input"): _only(422, "invalid_input", INVALID_REQUEST),
    }
)

# What a status means where no guard and no route says which of its codes it has.
_USUAL: Final = MappingProxyType(
    {400: "invalid_input", 401: "invalid_token", 502: "management_refused", 503: "management_unavailable"}
)


def examples_of(status: int, problems: Iterable[NotedProblem], *, at: Sequence[str]) -> dict[str, Any]:
    """Return the `examples` of a response (OpenAPI 3.1, Media Type Object), for each problem that it can be.

    They are named by code, several of one code by reason. `at` is where a malformed request (422) may have its fault.
    """
    named = [*problems] or [NotedProblem(status, _usual(status))]
    detailed = {problem.code for problem in named if problem.detail}
    shown: dict[str, dict[str, Any]] = {}
    for problem in named:
        if problem.detail:
            shown[_free(shown, problem.reason)] = {**_body(status, problem.code, problem.detail)}
        elif problem.code not in detailed:
            shown |= {name: {**body} for name, body in _known(status, problem.code).items()}
    if status == _MALFORMED:
        for body in shown.values():
            body["errors"] = [{"at": list(at), "message": "The value is not valid"}]
    return {name: {"summary": _in_words(name), "value": body} for name, body in shown.items()}


def _usual(status: int) -> str:
    return _USUAL.get(status) or next((code for known, code in _EXAMPLES if known == status), "http_error")


def _known(status: int, code: str) -> Mapping[str, Mapping[str, Any]]:
    known = _EXAMPLES.get((status, code))
    if known is None:
        return _only(status, code, f"{TITLES.get(status, 'Error')}.")
    return known if len(known) > 1 else dict.fromkeys([code], *known.values())


def _free(taken: Container[str], name: str) -> str:
    """Return a name that no other example has: two guards may refuse for one reason, in words of their own."""
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()
