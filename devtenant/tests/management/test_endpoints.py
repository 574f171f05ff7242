"""The table of endpoints: scopes, ids with slashes, and what is not there."""

import re

import pytest

from auth0_devtenant.management.endpoints import ENDPOINTS
from auth0_devtenant.management.routing import Route

from ..visitor import Visitor


def address(route: Route) -> str:
    return re.sub(r"{\w+}", "none", route.path)


def test_no_endpoint_is_declared_twice() -> None:
    declared = [(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in ENDPOINTS]
    assert len(declared) == len(set(declared))


def grantable(visitor: Visitor) -> list[str]:
    return list(visitor.tenant.state.apis[visitor.options.management_audience].permissions)


async def test_each_scope_can_be_granted(visitor: Visitor) -> None:
    assert {scope for route in ENDPOINTS for scope in route.scopes} <= set(grantable(visitor))


@pytest.mark.parametrize("route", ENDPOINTS, ids=lambda route: f"{route.method} {route.path}")
async def test_each_endpoint_needs_one_of_its_scopes(visitor: Visitor, route: Route) -> None:
    other = next(scope for scope in grantable(visitor) if scope not in route.scopes)
    answer = await visitor.manage(route.method, address(route), scope=other)
    assert answer.json() == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": f"Insufficient scope, expected any of: {','.join(route.scopes)}",
        "errorCode": "insufficient_scope",
    }
    anonymous = await visitor.client.request(route.method, f"api/v2{address(route)}")
    assert (anonymous.status_code, anonymous.json()["message"]) == (401, "Missing authentication")
    assert anonymous.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ENDPOINTS, ids=lambda route: f"{route.method} {route.path}")
async def test_no_endpoint_answers_a_malformed_request_with_5xx(visitor: Visitor, route: Route) -> None:
    token = (await visitor.machine()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for content in (b"", b"[]", b'{"unknown": 1}', b"[1]"):
        answer = await visitor.client.request(
            route.method, f"api/v2{address(route)}", content=content, headers=headers
        )
        assert answer.status_code < 500
        assert answer.status_code < 400 or answer.json()["statusCode"] == answer.status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("PUT", "/users/x"), ("GET", "/users/x/nothing"), ("PUT", "/users"), ("GET", "/users/")],
)
async def test_an_unknown_route_gets_auth0s_words(visitor: Visitor, method: str, path: str) -> None:
    answer = await visitor.manage(method, path)
    assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}


@pytest.mark.parametrize("path", ["/actions/triggers", "/branding", "/users/x/authentication-methods", "/jobs/1"])
async def test_what_only_auth0_has_says_so(visitor: Visitor, path: str) -> None:
    answer = await visitor.manage("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")
    assert "this development tenant does not" in answer.json()["message"]


async def test_an_id_can_contain_an_encoded_slash(visitor: Visitor) -> None:
    answer = await visitor.manage("GET", "/users/auth0%7Ca%2Froles")
    assert answer.json()["message"] == "The user does not exist."
    assert (await visitor.manage("GET", "/users/auth0%7Ca/roles/more")).json()["message"] == "Not Found"
    api = await visitor.manage("GET", "/resource-servers/https:%2F%2Fapi.example.com")
    assert api.json()["identifier"] == "https://api.example.com"
