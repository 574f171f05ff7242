from collections.abc import Iterator

import pytest

from auth0_sso import errors
from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    ConfigurationError,
    TemporaryError,
    TenantError,
    UnavailableError,
)
from auth0_sso.web.problems import STATUSES, TITLES
from support.service import Service


def tree(error: type[Auth0SsoError]) -> Iterator[type[Auth0SsoError]]:
    yield error
    for child in error.__subclasses__():
        yield from tree(child)


CONCRETE = [error for error in tree(Auth0SsoError) if "code" in vars(error)]


def test_every_error_of_the_tree_has_a_status_and_no_other() -> None:
    assert set(CONCRETE) == set(STATUSES)
    assert {STATUSES[error] for error in CONCRETE} <= set(TITLES)


def test_codes_are_unique_and_named_in_the_trees_own_drawing() -> None:
    codes = [error.code for error in CONCRETE]
    assert len(set(codes)) == len(codes)
    for error in CONCRETE:
        assert error.__name__ in str(errors.__doc__)


@pytest.mark.parametrize("error", CONCRETE)
def test_fault_decides_the_status(error: type[Auth0SsoError]) -> None:
    status = STATUSES[error]
    if issubclass(error, CallerError):
        assert 400 <= status < 500
    elif issubclass(error, TenantError):
        assert status in {502, 503}
    elif issubclass(error, TemporaryError):
        assert status == 503
    else:
        assert (error, status) == (ConfigurationError, 500)


@pytest.mark.parametrize("error", [error for error in CONCRETE if issubclass(error, UnavailableError)])
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
