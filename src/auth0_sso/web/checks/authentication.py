"""The access token of a request, verified; and the limit on addresses that fail too often."""

from collections.abc import Sequence
from typing import Final

from starlette.types import Scope

from auth0_sso.errors import (
    CallerError,
    InvalidRequestError,
    InvalidTokenError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.callers import address_of
from auth0_sso.web.services.services import Services

_ENDED: Final = frozenset({"expired", "revoked"})


async def authenticate(scope: Scope, services: Services, credentials: Sequence[bytes]) -> AccessToken:
    """Return the verified token; `credentials` are the values of all Authorization headers.

    Raises `MissingTokenError`, `InvalidRequestError` or `InvalidTokenError` (RFC 6750 section 3.1),
    `KeysUnavailableError`, or `RateLimitedError` where an address fails too often.
    """
    try:
        token = await services.verifier.verify(read_bearer_token(credentials))
        if services.deny_list and services.deny_list.revokes(token):
            raise _revoked(token)
    except (InvalidRequestError, InvalidTokenError) as error:
        await _count_failure(scope, services, error)
        raise
    return token


def _revoked(token: AccessToken) -> InvalidTokenError:
    error = InvalidTokenError("revoked", "The access token is revoked. Log in again.")
    error.client_id = token.client_id
    return error


async def _count_failure(scope: Scope, services: Services, error: CallerError) -> None:
    """Answer 429 instead of 401 where an address fails too often. Requests that do not fail are never refused.

    An expired or revoked token was a good one: its client must get the 401, even behind a shared address.
    """
    if services.auth_failure_limit is None or error.reason in _ENDED:
        return
    try:
        result = await services.counts.hit(services.auth_failure_limit, "failed authentications", address_of(scope))
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not result.allowed:
        too_many = RateLimitedError(retry_after=result.retry_after, reason="authentication_failures")
        too_many.limit = services.auth_failure_limit.text
        raise too_many from error
