"""The words in which bodies are refused."""

from typing import Any

import pytest

from ..visitor import Visitor

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
