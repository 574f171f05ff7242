import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso import errors
from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    ConfigurationError,
    InsufficientScopeError,
    InvalidInputError,
    ManagementUnavailableError,
    NotFoundError,
    RateLimitedError,
    TemporaryError,
    TenantError,
    UnavailableError,
)
from auth0_sso.testing.clock import HandClock
from auth0_sso.web.problems.problems import STATUSES, TITLES
from support.service import Service, running_service


def tree(error: type[Auth0SsoError]) -> Iterator[type[Auth0SsoError]]:
    yield error
    for child in error.__subclasses__():
        yield from tree(child)


TREE = [error for error in tree(Auth0SsoError) if error.__module__ == errors.__name__]


def test_every_error_of_the_tree_has_a_status_and_no_other() -> None:
    assert set(TREE) == set(STATUSES)
    assert {STATUSES[error] for error in TREE} <= set(TITLES)


def test_codes_are_unique_and_named_in_the_trees_own_drawing() -> None:
    codes = [vars(error)["code"] for error in TREE]
    assert len(set(codes)) == len(codes)
    for error in TREE:
        assert re.search(rf"{error.__name__} +{error.code}\b", str(errors.__doc__)), error


@pytest.mark.parametrize("error", TREE)
def test_fault_decides_the_status(error: type[Auth0SsoError]) -> None:
    status = STATUSES[error]
    if issubclass(error, CallerError):
        assert 400 <= status < 500
    elif issubclass(error, TenantError):
        assert status in {502, 503}
    elif issubclass(error, TemporaryError):
        assert status == 503
    else:
        assert error in {Auth0SsoError, ConfigurationError}
        assert status == 500


@pytest.mark.parametrize("error", [error for error in TREE if issubclass(error, UnavailableError)])
def test_what_may_pass_by_itself_is_a_503(error: type[Auth0SsoError]) -> None:
    assert STATUSES[error] == 503


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/", 405, "method_not_allowed"),
        ("GET", "/profile", 401, "missing_token"),
    ],
)
async def test_every_refusal_is_a_problem_with_the_request_id(
    service: Service, method: str, path: str, status: int, code: str
) -> None:
    answer = await service.api.request(method, path, headers={"X-Request-ID": "trace-1"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert (problem["requestId"], problem["type"]) == ("trace-1", "about:blank")
    assert problem["title"]
    assert problem["detail"]


class OrderError(InvalidInputError):
    """An app's own, without a code."""


class OrderGoneError(NotFoundError):
    code = "order_gone"


class SlowError(ManagementUnavailableError):
    """An app's own, three floors below the base."""


class BusyError(RateLimitedError):
    """An app's own, with a wait."""


RAISED: list[tuple[Auth0SsoError, int, str]] = [
    (OrderError("No such order."), 400, "invalid_input"),
    (OrderGoneError("No such order.", reason="gone"), 404, "order_gone"),
    (SlowError("slow", retry_after=7), 503, "management_unavailable"),
    (BusyError(retry_after=7), 429, "rate_limited"),
    (Auth0SsoError("Something."), 500, "internal_error"),
    (CallerError("Something."), 400, "bad_request"),
    (TemporaryError("Something."), 503, "temporarily_unavailable"),
    (TenantError("Something."), 502, "tenant_error"),
    (UnavailableError("Something.", reason="slow", retry_after=7), 503, "tenant_unavailable"),
]


@pytest.fixture
async def raising(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    """Serve routes that raise what an app may raise."""
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:

        @service.app.get("/raise/{number}")
        async def fail(number: int) -> None:
            raise RAISED[number][0]

        @service.app.get("/say")
        async def say() -> None:
            raise InsufficientScopeError(
                "closed", 'Only for "gold" \\ customers \u2013\r\nX-Evil: 1', scopes=('a"b', "c")
            )

        yield service.api


@pytest.mark.parametrize("number", range(len(RAISED)), ids=[type(error).__name__ for error, _, _ in RAISED])
async def test_an_apps_own_error_has_the_status_of_its_nearest_base(raising: httpx.AsyncClient, number: int) -> None:
    error, status, code = RAISED[number]
    answer = await raising.get(f"/raise/{number}")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert answer.headers.get("Retry-After") == (None if error.retry_after is None else str(error.retry_after))
    metrics = (await raising.get("/metrics")).text
    assert f'auth0_sso_refusals_total{{code="{code}",reason="{error.reason}"}} 1.0' in metrics


async def test_a_challenge_replaces_what_a_header_cannot_carry(raising: httpx.AsyncClient) -> None:
    answer = await raising.get("/say")
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", '
        'error_description="Only for ?gold? ? customers ???X-Evil: 1", scope="a?b c", DPoP algs="ES256"'
    )
    assert "X-Evil" not in answer.headers
    assert "\u2013" in answer.json()["detail"]
