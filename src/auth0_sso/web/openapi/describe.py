"""The OpenAPI document: what FastAPI cannot know of guards and problems, put right after it wrote the rest.

FastAPI asks a guard for one thing only, the name of its security scheme. Ours is a note to this file, such as
`bearer 401:invalid_token 403:insufficient_scope`: `describe` turns it into real schemes and into the problems the
guard answers with.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, unquote

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InvalidInputError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    MissingTokenError,
    RateLimitedError,
)
from auth0_sso.web.openapi.problem_examples import examples_of
from auth0_sso.web.problems.problems import CODES, MEDIA_TYPE, problem_responses, status_of
from auth0_sso.web.problems.schema import Problem

BEARER: Final = "bearer"
LOGIN: Final = "auth0"
_OPTIONAL: Final = "optional"
_ASKS: Final = "asks="
_METHODS = ("get", "put", "post", "delete", "patch")
_EVERY_GUARD: Final[tuple[type[Auth0SsoError], ...]] = (
    MissingTokenError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    RateLimitedError,
)


def note_for(*refusals: type[Auth0SsoError], optional: bool = False, description: str | None = None) -> str:
    """Return the scheme name of a guard that, beyond a bad token, refuses with these errors.

    `description` becomes a paragraph of the description of each route it guards.
    """
    problems = dict.fromkeys(f"{status_of(error)}:{error.code}" for error in (*_EVERY_GUARD, *refusals))
    asks = [] if description is None else [f"{_ASKS}{quote(description, safe='')}"]
    return " ".join([BEARER, *problems, *asks, *([_OPTIONAL] if optional else [])])


def describe(document: dict[str, Any], issuer: str | None, *, validation: bool) -> None:
    """Complete a document in place: security schemes, and the errors of guarded routes as problems (RFC 9457).

    Operations without a guard and without problems of ours stay as they are. Without an `issuer` there is no way to
    log in. With `validation` the app answers `RequestValidationError` as a problem, and so does the document.
    """
    operations = [each for each in _operations(document) if validation or _is_ours(each)]
    if not operations:
        return
    components = document.setdefault("components", {})
    if any(map(_is_note, schemes := components.get("securitySchemes", {}))):
        others = {name: scheme for name, scheme in schemes.items() if not _is_note(name)}
        scopes = {scope for operation in operations for scope in _scopes(operation)}
        components["securitySchemes"] = {**others, **_security_schemes(issuer, sorted(scopes))}
    components.setdefault("schemas", {}).update(_problem_schemas())
    for operation in operations:
        _describe_security(operation, can_log_in=issuer is not None)
        if validation:
            _describe_validation(operation)
        _exemplify(operation)
    if validation:
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)


def _is_ours(operation: dict[str, Any]) -> bool:
    """Whether an operation has a guard, or a response made by `problem_responses`."""
    names = [name for requirement in operation.get("security", ()) for name in requirement]
    return any(map(_is_note, names)) or any(CODES in response for response in operation["responses"].values())


def _is_note(name: str) -> bool:
    return name.startswith(f"{BEARER} ")


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (path[method] for method in _METHODS if method in path)


def _describe_security(operation: dict[str, Any], *, can_log_in: bool) -> None:
    notes = [name for requirement in operation.get("security", ()) for name in requirement if _is_note(name)]
    if not notes:
        return
    others = [requirement for requirement in operation["security"] if not any(map(_is_note, requirement))]
    scopes = _scopes(operation)
    anonymous: list[dict[str, Any]] = [{}] if not scopes and all(note.endswith(_OPTIONAL) for note in notes) else []
    login = [{LOGIN: scopes}] if can_log_in else []
    operation["security"] = [*others, *anonymous, {BEARER: scopes}, *login]
    if scopes:
        notes.append(note_for(InsufficientScopeError))
    for word in dict.fromkeys(word for note in notes for word in note.split()):
        if word.startswith(_ASKS):
            _add_paragraph(operation, unquote(word.removeprefix(_ASKS)))
        elif ":" in word:
            status, _, code = word.partition(":")
            _add_problem(operation, int(status), code)


def _add_paragraph(operation: dict[str, Any], text: str) -> None:
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), text)))


def _scopes(operation: dict[str, Any]) -> list[str]:
    """Return the scopes that `Security(...)` asks of an operation's guards, each once, in their order."""
    requirements = [item for requirement in operation.get("security", ()) for item in requirement.items()]
    return list(dict.fromkeys(scope for name, scopes in requirements if _is_note(name) for scope in scopes))


def _describe_validation(operation: dict[str, Any]) -> None:
    """Replace FastAPI's own 422, which this app does not answer, by the problem it does."""
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]
        _add_problem(operation, 422, InvalidInputError.code)


def _add_problem(operation: dict[str, Any], status: int, code: str) -> None:
    response = operation["responses"].setdefault(str(status), problem_responses(status)[status])
    if code not in response.get(CODES, ()):
        response[CODES] = [*response.get(CODES, ()), code]


def _exemplify(operation: dict[str, Any]) -> None:
    """Show each problem as it is answered; the schema alone would show the same one everywhere."""
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        if CODES in response:
            shown = examples_of(int(status), response.pop(CODES), at=_sent(operation))
            response["content"][MEDIA_TYPE]["examples"] = shown


def _sent(operation: dict[str, Any]) -> list[str]:
    """Return where a request may have a fault: a member of its body, or a parameter."""
    if "requestBody" in operation or not operation.get("parameters"):
        return ["body", "email"]
    parameter = operation["parameters"][-1]
    return [parameter["in"], parameter["name"]]


def _security_schemes(issuer: str | None, scopes: Iterable[str]) -> dict[str, Any]:
    """Two ways to the same header: paste a token, or log in for one (OpenAPI 3.1, Security Scheme Object)."""
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token that Auth0 issued for this API (RFC 6750).",
    }
    return {BEARER: bearer} if issuer is None else {BEARER: bearer, LOGIN: _login_scheme(issuer, scopes)}


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
