"""The OpenAPI document: what FastAPI cannot know of guards and problems, put right after it wrote the rest.

FastAPI asks a guard for one thing only, the name of its security scheme. Ours is a note to this file, such as
`bearer 400 401 403 429 503`: `describe` turns it into real schemes and into the problems the guard answers with.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    RateLimitedError,
)
from auth0_sso.web.problems import problem_responses, status_of
from auth0_sso.web.schemas import Problem

BEARER: Final = "bearer"
LOGIN: Final = "auth0"
_OPTIONAL: Final = "optional"
_METHODS = ("get", "put", "post", "delete", "patch")
_EVERY_GUARD = (InvalidRequestError, InvalidTokenError, KeysUnavailableError, RateLimitedError)


def note_for(*refusals: type[Auth0SsoError], optional: bool = False) -> str:
    """Return the scheme name of a guard that, beyond a bad token, refuses with these errors."""
    statuses = sorted({status_of(error) for error in (*_EVERY_GUARD, *refusals)})
    return " ".join([BEARER, *map(str, statuses), *([_OPTIONAL] if optional else [])])


def describe(document: dict[str, Any], issuer: str) -> None:
    """Complete a document in place: security schemes of `issuer`, and every error as a problem (RFC 9457)."""
    components = document.setdefault("components", {})
    schemes = {name: scheme for name, scheme in components.get("securitySchemes", {}).items() if not _is_note(name)}
    scopes = {scope for operation in _operations(document) for scope in _scopes(operation)}
    components["securitySchemes"] = {**schemes, **_security_schemes(issuer, sorted(scopes))}
    components.setdefault("schemas", {}).update(_problem_schemas())
    for operation in _operations(document):
        _describe_security(operation)
        _describe_validation(operation)
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)


def _is_note(name: str) -> bool:
    return name.startswith(f"{BEARER} ")


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (path[method] for method in _METHODS if method in path)


def _describe_security(operation: dict[str, Any]) -> None:
    notes = [name for requirement in operation.get("security", ()) for name in requirement if _is_note(name)]
    if not notes:
        return
    others = [requirement for requirement in operation["security"] if not any(map(_is_note, requirement))]
    scopes = _scopes(operation)
    anonymous: list[dict[str, Any]] = [{}] if not scopes and all(note.endswith(_OPTIONAL) for note in notes) else []
    operation["security"] = [*others, *anonymous, {BEARER: scopes}, {LOGIN: scopes}]
    statuses = {int(word) for note in notes for word in note.split() if word.isdecimal()}
    if scopes:
        statuses.add(status_of(InsufficientScopeError))
    _add_problems(operation, *sorted(statuses))


def _scopes(operation: dict[str, Any]) -> list[str]:
    """Return the scopes that `Security(...)` asks of an operation's guards, each once, in their order."""
    requirements = [item for requirement in operation.get("security", ()) for item in requirement.items()]
    return list(dict.fromkeys(scope for name, scopes in requirements if _is_note(name) for scope in scopes))


def _describe_validation(operation: dict[str, Any]) -> None:
    """Replace FastAPI's own 422, which this app does not answer, by the problem it does."""
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]
        _add_problems(operation, 422)


def _add_problems(operation: dict[str, Any], *statuses: int) -> None:
    for status, response in problem_responses(*statuses).items():
        operation["responses"].setdefault(str(status), response)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _security_schemes(issuer: str, scopes: Iterable[str]) -> dict[str, Any]:
    """Two ways to the same header: paste a token, or log in for one (OpenAPI 3.1, Security Scheme Object)."""
    profile = {"openid": "Who you are", "profile": "Your name and picture", "email": "Your email address"}
    flow = {
        "authorizationUrl": f"{issuer}authorize",
        "tokenUrl": f"{issuer}oauth/token",
        "scopes": {**dict.fromkeys(scopes, "Needed by a route of this API"), **profile},
    }
    return {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token that Auth0 issued for this API (RFC 6750).",
        },
        LOGIN: {
            "type": "oauth2",
            "flows": {"authorizationCode": flow},
            "description": "Log in at Auth0 with the authorization code flow and PKCE (RFC 7636); no secret.",
        },
    }


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
