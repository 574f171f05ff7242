from typing import Any

import pytest

from auth0_sso import create_app
from support.service import OPTIONS, Service, settings

LOGIN_OR_BEARER: list[dict[str, list[str]]] = [{"bearer": []}, {"auth0": []}]
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

# Route by route: the answer when all is well, and every problem there can be.
EXPECTED = {
    ("get", "/"): (200, 400, 401, 429, 503),
    ("get", "/profile"): (200, 400, 401, 403, 404, 429, 502, 503),
    ("post", "/profile/metadata"): (200, 400, 401, 403, 404, 413, 422, 429, 502, 503),
    ("get", "/admin/users"): (200, 400, 401, 403, 422, 429, 502, 503),
    ("post", "/admin/users"): (201, 400, 401, 403, 409, 413, 422, 429, 502, 503),
    ("get", "/admin/users/{user_id}"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("delete", "/admin/users/{user_id}"): (204, 400, 401, 403, 404, 422, 429, 502, 503),
    ("get", "/admin/users/{user_id}/roles"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("post", "/admin/users/{user_id}/roles"): (200, 400, 401, 403, 404, 413, 422, 429, 502, 503),
    ("delete", "/admin/users/{user_id}/roles"): (200, 400, 401, 403, 404, 413, 422, 429, 502, 503),
    ("put", "/admin/users/{user_id}/block"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("delete", "/admin/users/{user_id}/block"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("post", "/admin/users/{user_id}/logout"): (204, 400, 401, 403, 404, 422, 429, 502, 503),
    ("get", "/admin/users/{user_id}/logs"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("get", "/api/data"): (200, 400, 401, 429, 503),
    ("get", "/dashboard"): (200, 400, 401, 403, 429, 502, 503),
    ("get", "/healthz"): (200,),
    ("get", "/readyz"): (200, 503),
}


@pytest.fixture
def document() -> dict[str, Any]:
    return create_app(settings()).openapi()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): entry for path, item in document["paths"].items() for method, entry in item.items()}


def test_every_route_and_every_answer_is_described(document: dict[str, Any]) -> None:
    found = {key: tuple(map(int, entry["responses"])) for key, entry in operations(document).items()}
    assert found == EXPECTED


def test_every_refusal_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for key, entry in operations(document).items():
        for status, response in entry["responses"].items():
            if int(status) >= 400:
                assert response["content"] == PROBLEM, (key, status)


def test_every_operation_is_described_in_words(document: dict[str, Any]) -> None:
    for key, entry in operations(document).items():
        assert entry["description"], key
        for parameter in entry.get("parameters", ()):
            assert parameter["description"], key


def test_guarded_routes_take_a_pasted_token_or_a_login(document: dict[str, Any]) -> None:
    for (method, path), entry in operations(document).items():
        if path in {"/healthz", "/readyz"}:
            assert "security" not in entry
        elif path == "/":
            assert entry["security"] == [{}, *LOGIN_OR_BEARER]
        else:
            assert entry["security"] == LOGIN_OR_BEARER, (method, path)


def test_the_login_is_the_tenants_own(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes.keys() == {"bearer", "auth0"}
    flow = schemes["auth0"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == f"{OPTIONS.issuer}authorize"
    assert flow["tokenUrl"] == f"{OPTIONS.issuer}oauth/token"


def test_no_schema_dangles_or_lies_unused(document: dict[str, Any]) -> None:
    text = str(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}'" in text, name
    assert "HTTPValidationError" not in text


async def test_asking_twice_gives_the_same_document(service: Service, document: dict[str, Any]) -> None:
    assert (await service.api.get("/openapi.json")).json() == document
