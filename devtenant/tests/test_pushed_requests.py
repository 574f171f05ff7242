"""/oauth/par (RFC 9126)."""

import pytest

from auth0_devtenant import TenantOptions

from . import seeds
from .visitor import Visitor, query_of

SECRET = "the-secret"


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


async def push(visitor: Visitor, **changes: str | None) -> str:
    parameters = visitor.parameters(client_id="web", **changes) | {"client_secret": SECRET}
    answer = await visitor.client.post("oauth/par", data=parameters)
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.json()["request_uri"])


async def authorize(visitor: Visitor, request_uri: str, **more: str) -> str:
    query = {"client_id": "web", "request_uri": request_uri} | more
    answer = await visitor.client.get("authorize", params=query)
    return str(answer.headers.get("Location") or answer.status_code)


async def test_a_pushed_request_starts_a_login_once(visitor: Visitor) -> None:
    uri = await push(visitor)
    assert uri.startswith("urn:ietf:params:oauth:request_uri:")
    assert (await authorize(visitor, uri)).startswith("/u/login")
    assert await authorize(visitor, uri) == "400"
    assert SECRET not in str(visitor.tenant.state.logins), "the secret was kept with the parameters"


async def test_parameters_beside_a_request_uri_are_ignored(visitor: Visitor) -> None:
    await visitor.log_in()
    uri = await push(visitor, state="pushed")
    location = await authorize(visitor, uri, state="other", redirect_uri="https://evil.example.com/")
    assert location.endswith("state=pushed")
    assert "evil" not in location


async def test_a_request_uri_expires_and_belongs_to_its_client(visitor: Visitor) -> None:
    uri = await push(visitor)
    query = {"client_id": "code-only", "request_uri": uri}
    assert (await visitor.client.get("authorize", params=query)).status_code == 400
    visitor.clock.now += 30
    assert await authorize(visitor, uri) == "400"
    assert await authorize(visitor, "https://evil.example.com/request.jwt") == "400"


async def test_a_client_has_to_authenticate(visitor: Visitor) -> None:
    for secret in ({}, {"client_secret": "wrong"}):
        answer = await visitor.client.post("oauth/par", data=visitor.parameters(client_id="web") | secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")
    answer = await visitor.client.post("oauth/par", data=visitor.parameters(), auth=("web", SECRET))
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "https://evil.example.com/"}, "invalid_request"),
        ({"response_type": "nonsense"}, "unsupported_response_type"),
        ({"audience": "https://other.example.com"}, "access_denied"),
        ({"request_uri": "urn:x"}, "invalid_request"),
    ],
)
async def test_an_invalid_request_is_refused_when_it_is_pushed(
    visitor: Visitor, change: dict[str, str], error: str
) -> None:
    parameters = visitor.parameters(client_id="web", client_secret=SECRET) | change
    answer = await visitor.client.post("oauth/par", data=parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert visitor.tenant.state.pushed_requests == {}


async def test_a_pushed_request_can_be_answered_by_a_session(visitor: Visitor) -> None:
    await visitor.log_in()
    uri = await push(visitor)
    answer = await visitor.client.get("authorize", params={"client_id": "web", "request_uri": uri})
    assert "code" in query_of(answer)
