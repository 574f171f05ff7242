from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_sso import CurrentToken, create_app, protect, require, require_dpop, require_permission
from auth0_sso.errors import InsufficientScopeError
from auth0_sso.web.problems.problems import TITLES, problem_responses
from auth0_sso.web.problems.schema import Problem
from support.service import ADMIN, OPTIONS, USER, Service, settings

LOGIN_OR_BEARER: list[dict[str, list[str]]] = [{"bearer": []}, {"auth0": []}]
PROBLEM = {"$ref": "#/components/schemas/Problem"}

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
    ("get", "/admin/audit"): (200, 400, 401, 403, 404, 422, 429, 502, 503),
    ("get", "/api/data"): (200, 400, 401, 429, 503),
    ("get", "/dashboard"): (200, 400, 401, 403, 429, 502, 503),
    ("get", "/healthz"): (200,),
    ("get", "/readyz"): (200, 503),
}


# Several refusals have one code: examples of them are named by their reasons.
REASONS = dict.fromkeys(("expired", "aud_mismatch", "signature_mismatch"), "invalid_token") | dict.fromkeys(
    ("role_missing", "no_user"), "insufficient_scope"
)
BAD_TOKENS = {"expired", "aud_mismatch", "signature_mismatch"}
NO_MANAGEMENT = {"management_unavailable", "management_rate_limited", "management_not_configured"}


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
                assert response["content"].keys() == {"application/problem+json"}, (key, status)
                assert response["content"]["application/problem+json"]["schema"] == PROBLEM, (key, status)
                assert not [name for name in response if name.startswith("x-")], "a note of ours is left"


def examples(document: dict[str, Any], method: str, path: str, status: int) -> dict[str, dict[str, Any]]:
    """Return the problems that a response is shown to be, by their codes or reasons."""
    content = document["paths"][path][method]["responses"][str(status)]["content"]
    found = content["application/problem+json"]["examples"]
    return {name: example["value"] for name, example in found.items()}


def test_every_refusal_shows_examples_of_its_own_status_and_code(document: dict[str, Any]) -> None:
    for (method, path), entry in operations(document).items():
        for status in filter(lambda status: status >= 400, map(int, entry["responses"])):
            shown = examples(document, method, path, status)
            assert shown, (method, path, status)
            details = [(problem["code"], problem["detail"]) for problem in shown.values()]
            assert len({*details}) == len(details), "two examples of one response say the same"
            for name, problem in shown.items():
                assert (problem["status"], problem["title"]) == (status, TITLES[status])
                assert problem["code"] == REASONS.get(name, name)
                assert ("retryAfter" in problem) == (status in {429, 503} and name != "management_not_configured")
                assert ("errors" in problem) == (status == 422)
                Problem.model_validate(problem)


def test_a_malformed_request_is_shown_where_the_route_can_have_it(document: dict[str, Any]) -> None:
    for method, path, place in (("post", "/admin/users", "body"), ("get", "/admin/users", "query")):
        (fault,) = examples(document, method, path, 422)["invalid_input"]["errors"]
        assert fault["at"][0] == place


@pytest.mark.parametrize(
    ("method", "path", "status", "names"),
    [
        ("get", "/", 401, {"missing_token", *BAD_TOKENS}),
        ("get", "/dashboard", 401, {"missing_token", *BAD_TOKENS}),
        ("get", "/dashboard", 403, {"role_missing", "no_user"}),
        ("get", "/dashboard", 429, {"rate_limited"}),
        ("get", "/dashboard", 503, {"keys_unavailable", *NO_MANAGEMENT}),
        ("get", "/profile", 403, {"no_user"}),
        ("get", "/profile", 502, {"management_refused", "management_answer_invalid"}),
        ("get", "/profile", 503, {"keys_unavailable", "store_unavailable", *NO_MANAGEMENT}),
        ("get", "/", 503, {"keys_unavailable"}),
        ("get", "/readyz", 503, {"keys_unavailable", "shutting_down"}),
        ("get", "/api/data", 503, {"keys_unavailable", "store_unavailable"}),
        ("post", "/admin/users", 403, {"role_missing", "no_user"}),
        ("post", "/admin/users", 409, {"conflict"}),
        ("post", "/admin/users", 413, {"content_too_large"}),
        ("post", "/admin/users", 502, {"management_refused", "management_answer_invalid"}),
        ("get", "/admin/users/{user_id}", 404, {"not_found"}),
        ("get", "/profile", 404, {"not_found"}),
    ],
)
def test_a_response_shows_the_problems_it_can_be_and_no_other(
    document: dict[str, Any], method: str, path: str, status: int, names: set[str]
) -> None:
    assert examples(document, method, path, status).keys() == names


def has_detail(example: dict[str, Any], answer: httpx.Response) -> bool:
    """Return whether an example is about the refusal that was answered; other details name what they are about."""
    return answer.status_code not in {401, 403} or example["detail"] == answer.json()["detail"]


async def test_real_answers_look_like_their_examples(service: Service, document: dict[str, Any]) -> None:
    admin, user = await service.as_user(ADMIN), await service.as_user(USER)
    new = {"email": "user@example.com", "password": "New-password-1!"}
    too_long = {"email": "x" * 70_000}
    rows: list[tuple[str, str, dict[str, str], Any]] = [
        ("GET", "/profile", {}, None),
        ("GET", "/profile", {"Authorization": "Bearer x y"}, None),
        ("GET", "/dashboard", user, None),
        ("GET", "/admin/users/auth0%7Cnobody", admin, None),
        ("POST", "/admin/users", admin, new),
        ("POST", "/admin/users", admin, {}),
        ("POST", "/admin/users", admin, too_long),
        *[("GET", "/api/data", user, None)] * 11,
    ]
    seen = set()
    for method, path, headers, body in rows:
        answer = await service.api.request(method, path, headers=headers, json=body)
        if answer.status_code == 200:
            continue
        template = "/admin/users/{user_id}" if path.startswith("/admin/users/") else path
        shown = examples(document, method.lower(), template, answer.status_code).values()
        (example,) = [each for each in shown if each["code"] == answer.json()["code"] and has_detail(each, answer)]
        assert answer.json().keys() == example.keys()
        assert answer.json()["title"] == example["title"]
        seen.add(answer.status_code)
    assert seen == {400, 401, 403, 404, 409, 413, 422, 429}
    await service.clock.advance(90_000)
    expired = await service.api.get("/profile", headers=user)
    assert expired.json()["detail"] == examples(document, "get", "/profile", 401)["expired"]["detail"]


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


def test_a_route_that_requires_dpop_names_no_other_scheme() -> None:
    app = protect(FastAPI(), settings())

    @app.get("/payments", dependencies=[Depends(require_dpop())])
    async def list_payments() -> None: ...

    @app.get("/orders")
    async def list_orders(token: CurrentToken) -> None: ...

    document = app.openapi()
    assert document["paths"]["/payments"]["get"]["security"] == [{"dpop": []}]
    assert document["paths"]["/orders"]["get"]["security"] == LOGIN_OR_BEARER
    schemes = document["components"]["securitySchemes"]
    assert schemes.keys() == {"bearer", "auth0", "dpop"}
    assert (schemes["dpop"]["type"], schemes["dpop"]["scheme"]) == ("http", "DPoP")


def test_where_all_tokens_must_be_bound_the_document_offers_no_bearer_token() -> None:
    document = create_app(settings(auth0_dpop="required")).openapi()
    assert document["components"]["securitySchemes"].keys() == {"dpop"}
    assert document["paths"]["/profile"]["get"]["security"] == [{"dpop": []}]
    assert document["paths"]["/"]["get"]["security"] == [{}, {"dpop": []}]


def test_dpop_that_is_allowed_changes_nothing_in_the_document(document: dict[str, Any]) -> None:
    assert settings().auth0_dpop == "allowed"
    assert document == create_app(settings(auth0_dpop="off")).openapi()


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


def test_a_problem_that_route_and_guard_name_is_shown_once() -> None:
    app = FastAPI()
    guards, responses = [Depends(require_permission("read:x"))], problem_responses(InsufficientScopeError)

    @app.get("/x", dependencies=guards, responses=responses)
    async def read_x() -> None: ...

    document = protect(app, settings()).openapi()
    assert list(examples(document, "get", "/x", 403)) == ["permission_missing"]


def test_own_checks_are_shown_with_their_own_details() -> None:
    app = FastAPI()
    guards = [
        Depends(require(lambda token: token.client_id == "a", detail="Only for client a.")),
        Depends(require(lambda token: token.is_machine, detail="Only for machines.")),
    ]

    @app.get("/x", dependencies=guards)
    async def read_x() -> None: ...

    shown = examples(protect(app, settings()).openapi(), "get", "/x", 403)
    assert {name: each["detail"] for name, each in shown.items()} == {
        "check_failed": "Only for client a.",
        "check_failed_2": "Only for machines.",
    }


def test_what_an_app_says_of_its_own_refusals_stays() -> None:
    app = FastAPI()
    own = {"application/problem+json": {"example": {"code": "own"}}}
    responses: dict[int | str, dict[str, Any]] = {
        401: {"description": "No entry."},
        403: {"description": "No way.", "content": own},
    }

    @app.get("/x", dependencies=[Depends(require_permission("read:x"))], responses=responses)
    async def read_x() -> None: ...

    found = protect(app, settings()).openapi()["paths"]["/x"]["get"]["responses"]
    assert found["401"]["description"] == "No entry."
    assert "missing_token" in found["401"]["content"]["application/problem+json"]["examples"]
    assert found["403"] == {"description": "No way.", "content": own}
