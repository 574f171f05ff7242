"""Notes of guards for the OpenAPI document.

FastAPI asks a guard for one thing only, the name of its security scheme. Ours is a note, such as
`bearer 401:invalid_token 403:insufficient_scope`, which `describe` turns into real schemes, problems and words.
"""

from collections.abc import Collection, Iterable, Iterator
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
from auth0_sso.web.problems.problems import status_of

BEARER: Final = "bearer"
_OPTIONAL: Final = "optional"
_PARAGRAPH: Final = "asks="
_REQUIREMENT: Final = "requires="
_SCOPE: Final = "scope="
_EVERY_GUARD: Final[tuple[type[Auth0SsoError], ...]] = (
    MissingTokenError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    RateLimitedError,
)

Refusal = type[Auth0SsoError] | Auth0SsoError
"""What a guard refuses with: a class of errors, or one error to be shown as it is."""


def note_for(
    *refusals: Refusal,
    optional: bool = False,
    description: str | None = None,
    requirement: str | None = None,
    scopes: Collection[str] = (),
) -> str:
    """Return the scheme name of a guard that, beyond a bad token, refuses with these errors.

    `description` becomes a paragraph of the description of each route it guards, `requirement` is a few words on what
    a token needs, such as "role `admin`", and `scopes` are those that a login can ask for.
    """
    words = dict.fromkeys(map(_problem_of, (*_EVERY_GUARD, *refusals)))
    quoted = ((_PARAGRAPH, description), (_REQUIREMENT, requirement), *((_SCOPE, scope) for scope in scopes))
    said = [f"{kind}{quote(text, safe='')}" for kind, text in quoted if text is not None]
    return " ".join([BEARER, *words, *said, *([_OPTIONAL] * optional)])


def is_note(name: str) -> bool:
    """Return whether the name of a security scheme is a note."""
    return name.startswith(f"{BEARER} ")


def is_optional(note: str) -> bool:
    """Return whether the guard lets anonymous requests pass."""
    return note.endswith(f" {_OPTIONAL}")


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


def requirements_in(notes: Iterable[str]) -> Iterator[str]:
    """Yield what notes say that a token needs."""
    return _texts(notes, _REQUIREMENT)


def scopes_in(notes: Iterable[str]) -> Iterator[str]:
    """Yield the scopes in notes."""
    return _texts(notes, _SCOPE)


def _texts(notes: Iterable[str], kind: str) -> Iterator[str]:
    return (unquote(word.removeprefix(kind)) for word in _words(notes) if word.startswith(kind))


def _words(notes: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(word for note in notes for word in note.split())


def _problem_of(refusal: Refusal) -> str:
    if isinstance(refusal, Auth0SsoError):
        code = f"{status_of(type(refusal))}:{refusal.code}"
        return f"{code}:{quote(refusal.reason, safe='')}:{quote(refusal.detail, safe='')}"
    return f"{status_of(refusal)}:{refusal.code}"
