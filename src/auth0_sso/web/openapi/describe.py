"""The OpenAPI document: what FastAPI cannot know of guards and problems, put right after it wrote the rest."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from auth0_sso.errors import InsufficientScopeError, InvalidInputError
from auth0_sso.web.checks.requirements import DPOP, Requirement
from auth0_sso.web.checks.scopes import DENIED
from auth0_sso.web.openapi.notes import (
    BEARER,
    NotedProblem,
    is_note,
    note_for,
    paragraphs_in,
    problems_in,
    requirements_in,
)
from auth0_sso.web.openapi.problem_examples import examples_of
from auth0_sso.web.openapi.requirements import add_paragraph, add_requirements, scopes_among
from auth0_sso.web.problems.problems import CODES, MEDIA_TYPE, problem_responses
from auth0_sso.web.problems.schema import Problem

LOGIN: Final = "auth0"
DPOP_SCHEME: Final = "dpop"
"""Where nothing else passes: Swagger UI calls it an unsupported scheme, so it is no alternative in each document."""
_PROBLEM: Final[Mapping[str, str]] = {"$ref": "#/components/schemas/Problem"}
_NOTED: Final = "x-noted-problems"
_METHODS = ("get", "put", "post", "delete", "patch")


def describe(
    document: dict[str, Any],
    issuer: str | None,
    *,
    validation: bool,
    requirements: bool,
    dpop_required: bool = False,
) -> None:
    """Complete a document in place: security schemes, and the errors of guarded routes as problems (RFC 9457).

    Operations without a guard and without problems of ours stay as they are. Without an `issuer` there is no way to
    log in. With `validation` the app answers `RequestValidationError` as a problem, and so does the document.
    With `requirements` the description of each guarded route says which roles, permissions and scopes it needs.
    With `dpop_required` all of them need a token that is bound to a key; without, those of `require_dpop` do.
    """
    operations = [each for each in _operations(document) if validation or _is_ours(each)]
    if not operations:
        return
    components = document.setdefault("components", {})
    noted = components.get("securitySchemes", {})
    scopes = {
        *scopes_among(requirements_in(filter(is_note, noted))),
        *(scope for operation in operations for scope in _scopes(operation)),
    }
    components.setdefault("schemas", {}).update(_problem_schemas())
    for operation in operations:
        _describe_security(
            operation, can_log_in=issuer is not None, requirements=requirements, dpop_required=dpop_required
        )
        if validation:
            _describe_validation(operation)
        _exemplify(operation)
    if any(map(is_note, noted)):
        ours = _security_schemes(issuer, sorted(scopes))
        used = {name for operation in operations for each in operation.get("security", ()) for name in each}
        others = {name: scheme for name, scheme in noted.items() if not is_note(name)}
        components["securitySchemes"] = others | {name: ours[name] for name in ours if name in used}
    if validation:
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)


def _is_ours(operation: dict[str, Any]) -> bool:
    """Whether an operation has a guard, or a response made by `problem_responses`."""
    names = [name for requirement in operation.get("security", ()) for name in requirement]
    return any(map(is_note, names)) or any(CODES in response for response in operation["responses"].values())


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (path[method] for method in _METHODS if method in path)


def _describe_security(
    operation: dict[str, Any], *, can_log_in: bool, requirements: bool, dpop_required: bool
) -> None:
    notes = [name for requirement in operation.get("security", ()) for name in requirement if is_note(name)]
    if not notes:
        return
    others = [requirement for requirement in operation["security"] if not any(map(is_note, requirement))]
    scopes = _scopes(operation)
    if scopes:
        asked = Requirement("scope", tuple(sorted(scopes)))
        notes.append(note_for(InsufficientScopeError("scope_missing", DENIED), requirements=(asked,)))
    required = list(requirements_in(notes))
    anonymous: list[dict[str, Any]] = [] if any(each.needs_token for each in required) else [{}]
    if dpop_required or DPOP in required:
        accepted = [{DPOP_SCHEME: scopes}]  # a login at /docs gives a token that is not bound
    else:
        accepted = [{BEARER: scopes}, *([{LOGIN: scopes}] if can_log_in else [])]
    operation["security"] = [*others, *anonymous, *accepted]
    if requirements:
        add_requirements(operation, required)
    for paragraph in paragraphs_in(notes):
        add_paragraph(operation, paragraph)
    for problem in problems_in(notes):
        _add_problem(operation, problem)


def _scopes(operation: dict[str, Any]) -> list[str]:
    """Return the scopes that `Security(...)` asks of an operation's guards, each once, in their order."""
    requirements = [item for requirement in operation.get("security", ()) for item in requirement.items()]
    return list(dict.fromkeys(scope for name, scopes in requirements if is_note(name) for scope in scopes))


def _describe_validation(operation: dict[str, Any]) -> None:
    """Replace FastAPI's own 422, which this app does not answer, by the problem it does."""
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]
        _add_problem(operation, NotedProblem(422, InvalidInputError.code))


def _add_problem(operation: dict[str, Any], problem: NotedProblem) -> None:
    status = problem.status
    response = operation["responses"].setdefault(str(status), problem_responses(status)[status])
    response.setdefault(CODES, [])
    response[_NOTED] = [*response.get(_NOTED, ()), problem]


def _exemplify(operation: dict[str, Any]) -> None:
    """Show each problem as it is answered; the schema alone would show the same one everywhere."""
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        if CODES in response:
            shown = examples_of(int(status), _named(int(status), response), at=_sent(operation))
            _show(response, shown)


def _show(response: dict[str, Any], examples: dict[str, Any]) -> None:
    """Add examples to a response; what an app says of its own response stays."""
    content = response.setdefault("content", {}).setdefault(MEDIA_TYPE, {"schema": {**_PROBLEM}})
    if "example" not in content:
        content.setdefault("examples", examples)


def _named(status: int, response: dict[str, Any]) -> Iterable[NotedProblem]:
    """Remove from a response, and return, which problems it can be: as the route says, and as its guards say."""
    codes = [NotedProblem(status, code) for code in response.pop(CODES)]
    return dict.fromkeys([*codes, *response.pop(_NOTED, ())])


def _sent(operation: dict[str, Any]) -> list[str]:
    """Return where a request may have a fault: a member of its body, or a parameter."""
    if "requestBody" in operation or not operation.get("parameters"):
        return ["body", "email"]
    parameter = operation["parameters"][-1]
    return [parameter["in"], parameter["name"]]


def _security_schemes(issuer: str | None, scopes: Iterable[str]) -> dict[str, Any]:
    """Two ways to the same header, paste a token or log in, and DPoP (OpenAPI 3.1, Security Scheme Object)."""
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token that Auth0 issued for this API (RFC 6750).",
    }
    dpop = {
        "type": "http",
        "scheme": "DPoP",
        "description": "An access token that is bound to a key, with a proof for the request (RFC 9449).",
    }
    login = {} if issuer is None else {LOGIN: _login_scheme(issuer, scopes)}
    return {BEARER: bearer, **login, DPOP_SCHEME: dpop}


def _login_scheme(issuer: str, scopes: Iterable[str]) -> dict[str, Any]:
    profile = {"openid": "Who you are", "profile": "Your name and picture", "email": "Your email address"}
    flow = {
        "authorizationUrl": f"{issuer}authorize",
        "tokenUrl": f"{issuer}oauth/token",
        "scopes": {**dict.fromkeys(scopes, "Needed by a route of this API"), **profile},
    }
    return {
        "type": "oauth2",
        "flows": {"authorizationCode": flow},
        "description": "Log in at Auth0 with the authorization code flow and PKCE (RFC 7636); no secret.",
    }


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
