"""What a route asks for, in words: in its description, and for the badges of the docs page."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from auth0_sso.web.checks.requirements import TOKEN, USER, Kind, Requirement

REQUIREMENTS: Final = "x-requires"
"""The extension of an operation with what its guards ask for, as a list of texts (OpenAPI 3.1, Specification
Extensions). Empty, a token is optional."""

# The other kinds are for operators: a caller cannot do anything about a rate limit or the name of a function.
_NOUNS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "token": "access token",
        "DPoP": "DPoP-bound access token",
        "user": "user token",
        "organization": "organization",
        "email domain": "email domain",
        "network": "allowed network",
        "scope": "scope",
        "permission": "permission",
        "role": "role",
        "multi-factor authentication": "multi-factor authentication",
        "authentication context": "authentication context",
        "recent login": "recent login",
    }
)


_UNNAMED: Final[frozenset[Kind]] = frozenset({"network"})
"""What is not shown to callers by name: the addresses of an organization's networks."""


def in_words(requirement: Requirement) -> str:
    """Return one of a kind that callers can meet in Markdown: "role `admin` or `manager`", "scopes `a` and `b`"."""
    names = () if requirement.kind in _UNNAMED else requirement.names
    plural = "" if requirement.one_suffices or len(names) < 2 else "s"
    listed = requirement.joined(f"`{name}`" for name in names)
    words = f"{_NOUNS[requirement.kind]}{plural} {listed}".rstrip()
    return f"{words}, {requirement.note}" if requirement.note else words


def add_requirements(operation: dict[str, Any], requirements: Collection[Requirement]) -> None:
    """Say in the description of an operation what its guards ask for, and in an extension, without Markdown."""
    asked = dict.fromkeys(map(in_words, _telling(requirements)))
    operation[REQUIREMENTS] = [each.replace("`", "") for each in asked]
    add_paragraph(operation, f"**Requires:** {'; '.join(asked)}" if asked else "An access token is optional.")


def scopes_among(requirements: Iterable[Requirement]) -> Iterable[str]:
    """Return the scopes that requirements name."""
    return (name for each in requirements if each.kind == "scope" for name in each.names)


def add_paragraph(operation: dict[str, Any], text: str) -> None:
    """Add a paragraph to the description of an operation."""
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), text)))


def _telling(requirements: Collection[Requirement]) -> Collection[Requirement]:
    """Return those for callers, without those that another implies: a user where a role is needed, and a token."""
    implied = {TOKEN, USER} if any(each.kind == "role" for each in requirements) else {TOKEN}
    found = [each for each in requirements if each.kind in _NOUNS and each not in implied]
    return found or ([TOKEN] if any(each.needs_token for each in requirements) else [])
