"""The token of a request, and what a failure costs its address."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from auth0_sso.errors import CallerError, InvalidRequestError, InvalidTokenError, MissingTokenError, RateLimitedError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.checks.authentication import authenticate
from auth0_sso.web.services.services import Services
from support.guarded_asgi_app import bearer

BAD = [b"Bearer not.a.token"]


def scope(host: str = "192.0.2.1") -> dict[str, object]:
    return {"type": "http", "client": (host, 1)}


def good(issuer: Issuer, **claims: object) -> list[bytes]:
    return [value for _, value in bearer(issuer, **claims)]


async def error_of(services: Services, credentials: Sequence[bytes], host: str = "192.0.2.1") -> CallerError:
    with pytest.raises(CallerError) as refused:
        await authenticate(scope(host), services, credentials, [])
    return refused.value


async def test_a_cached_token_is_the_same_object(services: Services, issuer: Issuer) -> None:
    credentials = good(issuer)
    first = await authenticate(scope(), services, credentials, [])
    assert await authenticate(scope(), services, credentials, []) is first


async def test_a_cached_token_that_has_expired_is_refused_as_such(
    services: Services, issuer: Issuer, clock: HandClock
) -> None:
    credentials = good(issuer)
    await authenticate(scope(), services, credentials, [])
    await clock.advance(1_000_000)
    for _ in range(4):  # which is never counted
        assert (await error_of(services, credentials)).reason == "expired"


async def test_an_address_that_fails_too_often_has_to_wait(
    services: Services, issuer: Issuer, clock: HandClock
) -> None:
    assert isinstance(await error_of(services, BAD), InvalidTokenError)
    assert isinstance(await error_of(services, [b"Bearer x", b"Bearer x"]), InvalidRequestError)
    limited = await error_of(services, BAD)
    assert isinstance(limited, RateLimitedError)
    assert (limited.reason, limited.retry_after) == ("authentication_failures", 60)
    assert isinstance(await error_of(services, BAD, "192.0.2.2"), InvalidTokenError)
    assert (await authenticate(scope(), services, good(issuer), [])).subject
    await clock.advance(60)
    assert isinstance(await error_of(services, BAD), InvalidTokenError)


async def test_requests_without_a_token_are_no_failures(services: Services) -> None:
    for credentials in ([], [b"Basic x"], [], [b"Basic x"]):
        assert isinstance(await error_of(services, credentials), MissingTokenError)
    assert isinstance(await error_of(services, BAD), InvalidTokenError)


async def test_failures_without_a_limit_are_not_counted(services: Services) -> None:
    unlimited = replace(services, auth_failure_limit=None)
    assert {type(await error_of(unlimited, BAD)) for _ in range(5)} == {InvalidTokenError}
    assert isinstance(await error_of(services, BAD), InvalidTokenError)
