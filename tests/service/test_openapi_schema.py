"""schemathesis on the running service: whatever is sent with a valid token, /openapi.json has the answer.

Its checks: no 5xx; the status, the content type, the headers and the body are documented; what the schema forbids is
refused; other methods are refused; and a route whose schema asks for a token refuses requests without one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from auth0_sso.service.app import create_app
from support.process import Dev, dev
from support.service import ADMIN, MANAGER, USER, person_id
from support.service import settings as service_settings

_PATHS: Final[Mapping[str, Mapping[str, Any]]] = create_app(service_settings()).openapi()["paths"]
OPERATIONS: Final = [(path, method) for path, methods in _PATHS.items() for method in methods]

# The password policy, Auth0's first 1,000 users and the size of merged metadata cannot be said in a JSON schema.
EXCLUDED: Final[list[CheckFunction]] = [positive_data_acceptance]

EXAMPLES: Final = {"admin": 25, "user": 5, "machine": 5}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    database = f"AUDIT_DATABASE_URL=sqlite:///{tmp_path_factory.mktemp('audit')}/audit.sqlite"
    changes = ("RATE_LIMIT=1000000/minute", "PROFILE_RATE_LIMIT=off", "AUTH_FAILURE_RATE_LIMIT=off", database)
    with dev(*(part for change in changes for part in ("--set", change))) as started:
        yield started


@pytest.fixture(scope="module")
def schema(running: Dev) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{running.api}/openapi.json")


@pytest.fixture(scope="module")
def tokens(running: Dev) -> dict[str, str]:
    return {"admin": running.token(ADMIN), "user": running.token(USER), "machine": running.token("--machine")}


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def with_known_names(case: Case[Any]) -> Case[Any]:
    """Name a user and a role that the tenant has, which no generator guesses."""
    if "user_id" in case.path_parameters:
        case.path_parameters["user_id"] = person_id(MANAGER)
    if isinstance(case.body, dict) and "roleNames" in case.body:
        case.body = {"roleNames": ["manager"]}
    return case


def requests_for(operation: APIOperation[Any, Any, Any, Any]) -> SearchStrategy[Case[Any]]:
    """Return requests that the schema allows and, where it asks for anything, requests that it does not."""
    allowed = operation.as_strategy(GenerationMode.POSITIVE)
    if not any(operation.iter_parameters()) and not operation.body:
        return allowed
    return allowed | allowed.map(with_known_names) | operation.as_strategy(GenerationMode.NEGATIVE)


@pytest.mark.parametrize("caller", EXAMPLES)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_documented(
    schema: BaseSchema, tokens: dict[str, str], connection: requests.Session, path: str, method: str, caller: str
) -> None:
    headers = {"Authorization": f"Bearer {tokens[caller]}"}

    @settings(max_examples=EXAMPLES[caller], deadline=None, derandomize=True, database=None)
    @given(case=requests_for(schema[path][method]))
    def check(case: Case[Any]) -> None:
        case.call_and_validate(headers=headers, session=connection, excluded_checks=EXCLUDED)

    check()
