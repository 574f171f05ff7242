"""The access token of a request, verified; and the limit on addresses that fail too often."""

from collections.abc import Sequence
from typing import Final

from starlette.types import Scope

from auth0_sso.errors import (
    CallerError,
    InvalidDPoPProofError,
    InvalidRequestError,
    InvalidTokenError,
    MissingTokenError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.tokens.bearer import Scheme, read_bearer_token, read_dpop_token, uses_dpop_scheme
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.binding import Headers, SentToken, require_binding
from auth0_sso.web.checks.callers import address_of
from auth0_sso.web.services.services import Services

_NOT_COUNTED: Final = frozenset({"expired", "revoked", "dpop_nonce_missing", "dpop_nonce_expired"})
"""An expired or revoked token was a good one: its client must get the 401, even behind a shared address."""


async def authenticate(
    scope: Scope, services: Services, credentials: Sequence[bytes], headers: Headers
) -> AccessToken:
    """Return the verified token, which its sender may use; `credentials` are the values of all Authorization headers.

    The nonce for the client's next DPoP proof is added to `headers`, those of the response. Raises
    `MissingTokenError`, `InvalidRequestError` or `InvalidTokenError` (RFC 6750 section 3.1), `InvalidDPoPProofError`
    (RFC 9449 section 7.1), `KeysUnavailableError`, `StoreUnavailableError`, or `RateLimitedError` where an address
    fails too often.
    """
    try:
        scheme: Scheme = "Bearer"
        try:
            text = read_bearer_token(credentials)
        except MissingTokenError:
            if services.bound_tokens is None or not uses_dpop_scheme(credentials):
                raise
            scheme, text = "DPoP", read_dpop_token(credentials)
        token = await services.verifier.verify(text)
        if services.deny_list.revokes(token):
            raise _revoked(token)
        bound = services.bound_tokens
        if bound is not None and (token.confirmation is not None or scheme == "DPoP" or bound.is_required):
            await require_binding(scope, bound, token, SentToken(scheme, text), headers)
    except (InvalidRequestError, InvalidTokenError, InvalidDPoPProofError) as error:
        await _count_failure(scope, services, error)
        raise
    return token


def _revoked(token: AccessToken) -> InvalidTokenError:
    error = InvalidTokenError("revoked", "The access token is revoked. Log in again.")
    error.client_id = token.client_id
    return error


async def _count_failure(scope: Scope, services: Services, error: CallerError) -> None:
    """Answer 429 instead of 401 where an address fails too often. Requests that do not fail are never refused."""
    if services.auth_failure_limit is None or error.reason in _NOT_COUNTED:
        return
    try:
        result = await services.counts.hit(services.auth_failure_limit, "failed authentications", address_of(scope))
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not result.allowed:
        too_many = RateLimitedError(retry_after=result.retry_after, reason="authentication_failures")
        too_many.limit = services.auth_failure_limit.text
        raise too_many from error
