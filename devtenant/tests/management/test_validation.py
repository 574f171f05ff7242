"""The words in which bodies are refused."""

from typing import Any
from urllib.parse import quote

import pytest

from ..visitor import USER, Visitor

ROLE = {"name": "editor"}
API = {"identifier": "https://orders.example.com"}


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("/roles", {}, "'Missing required property: name'."),
        ("/roles", ROLE | {"color": 1}, "'Additional properties not allowed: color'."),
        ("/roles", {"name": 1}, "'Expected type string but found type integer' on property name."),
        ("/roles", {"name": None}, "'Expected type string but found type null' on property name."),
        ("/roles", {"name": ""}, "'String is too short (0 chars), minimum 1' on property name."),
        ("/roles", {"name": "x" * 51}, "'String is too long (51 chars), maximum 50' on property name."),
        (
            "/resource-servers",
            API | {"token_lifetime": 0},
            "'Value 0 is less than minimum 1' on property token_lifetime.",
        ),
        (
            "/resource-servers",
            API | {"token_lifetime": 2_592_001},
            "'Value 2592001 is greater than maximum 2592000' on property token_lifetime.",
        ),
        ("/resource-servers", API | {"token_dialect": "x"}, "'No enum match for: x' on property token_dialect."),
        ("/resource-servers", API | {"signing_alg": "HS256"}, "'No enum match for: HS256' on property signing_alg."),
        ("/resource-servers", API | {"enforce_policies": "yes"}, "'Expected type boolean but found type string' on"),
        (
            "/resource-servers",
            API | {"scopes": {}},
            "'Expected type array but found type object' on property scopes.",
        ),
        ("/resource-servers", API | {"scopes": [{}]}, "'Missing required property: value' on property scopes.0."),
        ("/organizations", {"name": "Not OK"}, "'String does not match pattern ^[a-z0-9][a-z0-9._-]*$: Not OK' on"),
        (
            "/users",
            {"connection": "email", "email": "x"},
            "'Object didn't pass validation for format email: x' on property email.",
        ),
    ],
)
async def test_an_invalid_body_is_refused_in_the_validators_words(
    visitor: Visitor, path: str, body: dict[str, Any], problem: str
) -> None:
    answer = await visitor.manage("POST", path, body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_body")
    assert answer.json()["message"].startswith(f"Payload validation error: {problem}")


def path(user_id: str, *more: str) -> str:
    return "/".join(("/users", quote(user_id, safe=""), *more))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 50_000, b"x" * (2 * 1024 * 1024)], ids=range(7)
)
async def test_a_malformed_body_is_never_a_server_error(visitor: Visitor, content: bytes) -> None:
    token = (await visitor.machine()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for method, route in (
        ("POST", "users"),
        ("PATCH", path(USER.user_id)[1:]),
        ("POST", path(USER.user_id, "roles")[1:]),
    ):
        answer = await visitor.client.request(method, f"api/v2/{route}", content=content, headers=headers)
        assert 400 <= answer.status_code < 500
        assert answer.json()["statusCode"] == answer.status_code


async def test_a_body_needs_the_content_type_json_or_none(visitor: Visitor) -> None:
    token = (await visitor.machine()).json()["access_token"]
    for kind, status in (("application/json; charset=utf-8", 200), ("", 200), ("text/plain", 415)):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        answer = await visitor.client.patch(f"api/v2{path(USER.user_id)}", content=b'{"name": "N"}', headers=headers)
        assert answer.status_code == status, kind
        assert (answer.json().get("error") == "Unsupported Media Type") is (status == 415)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", '"\\ud800"'])
async def test_json_that_no_response_could_show_is_refused(visitor: Visitor, value: str) -> None:
    token = (await visitor.machine()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = f'{{"user_metadata": {{"a": {value}}}}}'
    answer = await visitor.client.patch(f"api/v2{path(USER.user_id)}", content=content, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid request payload JSON format")
    assert "user_metadata" not in (await visitor.manage("GET", path(USER.user_id))).json()
