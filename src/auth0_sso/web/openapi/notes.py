"""Notes of guards for the OpenAPI document.

FastAPI asks a guard for one thing only, the name of its security scheme. Ours is a note, such as
`bearer 401:invalid_token 403:insufficient_scope`, which `describe` turns into real schemes, problems and words.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from auth0_sso.errors import (
    Auth0SsoError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    MissingTokenError,
    RateLimitedError,
)
from auth0_sso.web.checks.requirements import Requirement
from auth0_sso.web.problems.problems import status_of

BEARER: Final = "bearer"
_PARAGRAPH: Final = "asks="
_REQUIREMENT: Final = "requires="
_EVERY_GUARD: Final[tuple[type[Auth0SsoError], ...]] = (
    MissingTokenError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    RateLimitedError,
)

Refusal = type[Auth0SsoError] | Auth0SsoError
"""What a guard refuses with: a class of errors, or one error to be shown as it is."""


def note_for(*refusals: Refusal, requirements: Iterable[Requirement] = (), description: str | None = None) -> str:
    """Return the scheme name of a guard, from what it asks for and what it refuses with beyond a bad token.

    `description` becomes a paragraph of the description of each route it guards.
    """
    problems = dict.fromkeys(map(_problem_of, (*_EVERY_GUARD, *refusals)))
    required = [_quoted(_REQUIREMENT, json.dumps(astuple(each))) for each in requirements]
    paragraph = [] if description is None else [_quoted(_PARAGRAPH, description)]
    return " ".join([BEARER, *problems, *required, *paragraph])


def is_note(name: str) -> bool:
    """Return whether the name of a security scheme is a note."""
    return name.startswith(f"{BEARER} ")


class NotedProblem(NamedTuple):
    """A problem that a guard answers with; of an error that is shown as it is, its reason and detail too."""

    status: int
    code: str
    reason: str = ""
    detail: str = ""


def problems_in(notes: Iterable[str]) -> Iterator[NotedProblem]:
    """Yield the problems that notes name."""
    for word in _words(notes):
        if word[0].isdigit():
            status, code, *error = map(unquote, word.split(":"))
            yield NotedProblem(int(status), code, *error)


def paragraphs_in(notes: Iterable[str]) -> Iterator[str]:
    """Yield the descriptions in notes."""
    return _texts(notes, _PARAGRAPH)


def requirements_in(notes: Iterable[str]) -> Iterator[Requirement]:
    """Yield what the guards ask for."""
    for text in _texts(notes, _REQUIREMENT):
        kind, names, one_suffices, note = json.loads(text)
        yield Requirement(kind, tuple(names), one_suffices, note)


def _quoted(kind: str, text: str) -> str:
    return f"{kind}{quote(text, safe='')}"


def _texts(notes: Iterable[str], kind: str) -> Iterator[str]:
    return (unquote(word.removeprefix(kind)) for word in _words(notes) if word.startswith(kind))


def _words(notes: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(word for note in notes for word in note.split())


def _problem_of(refusal: Refusal) -> str:
    if isinstance(refusal, Auth0SsoError):
        code = f"{status_of(type(refusal))}:{refusal.code}"
        return f"{code}:{quote(refusal.reason, safe='')}:{quote(refusal.detail, safe='')}"
    return f"{status_of(refusal)}:{refusal.code}"
