"""From a request to its verified access token: once for each request, however many guards ask."""

from fastapi import Request

from auth0_sso.errors import (
    CallerError,
    InvalidRequestError,
    InvalidTokenError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.callers import address_of
from auth0_sso.web.request_context import RequestContext
from auth0_sso.web.services import Services


async def services_of(request: Request) -> Services:
    """Return what the app works with."""
    services = getattr(request.app.state, "auth0_sso", None)
    if not isinstance(services, Services):
        raise RuntimeError("this app has no guards yet: call auth0_sso.protect(app), and run the app's lifespan")
    return services


async def verified_token(request: Request) -> AccessToken:
    """Return the request's access token; a failure counts against the address it came from."""
    context = RequestContext.of(request.scope)
    if context.token is None:
        headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
        services = await services_of(request)
        try:
            context.token = await services.verifier.verify(read_bearer_token(headers))
        except (InvalidRequestError, InvalidTokenError) as error:
            await _count_failure(request, services, error)
            raise
    return context.token


async def _count_failure(request: Request, services: Services, error: CallerError) -> None:
    """Answer 429 instead of 401 where an address fails too often. Requests that do not fail are never refused.

    An expired token was a good one: its client must get the 401 to renew it, even behind a shared address.
    """
    if services.auth_failure_limit is None or error.reason == "expired":
        return
    try:
        result = await services.counts.hit(
            services.auth_failure_limit, "failed authentications", address_of(request.scope)
        )
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not result.allowed:
        raise RateLimitedError(retry_after=result.retry_after, reason="authentication_failures") from error
