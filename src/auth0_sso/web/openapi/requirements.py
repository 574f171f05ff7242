"""What a route asks of a token, in a few words: in its description, and for the badges of the docs page."""

from collections.abc import Collection, Iterable
from typing import Any, Final

REQUIREMENTS: Final = "x-requires"
"""The extension of an operation with what its guards ask for, as a list of texts (OpenAPI 3.1, Specification
Extensions). Empty, a token is optional."""

USER: Final = "user token"
_ANY: Final = "access token"


def required(kind: str, names: Collection[str], *, one_suffices: bool = False) -> str:
    """Return a requirement in words, in Markdown: "role `admin` or `manager`", "permissions `a` and `b`"."""
    listed = (" or " if one_suffices else " and ").join(f"`{name}`" for name in sorted(names))
    return f"{kind if one_suffices or len(names) == 1 else f'{kind}s'} {listed}"


def add_requirements(operation: dict[str, Any], requirements: Iterable[str], *, optional: bool) -> None:
    """Say in the description of an operation what its guards ask for, and in an extension, without Markdown."""
    asked = [*requirements]
    if any(each.startswith("role") for each in asked):  # only users have roles
        asked = [each for each in asked if each != USER]
    if not asked and not optional:
        asked = [_ANY]
    operation[REQUIREMENTS] = [each.replace("`", "") for each in asked]
    add_paragraph(operation, f"**Requires:** {'; '.join(asked)}" if asked else "An access token is optional.")


def add_paragraph(operation: dict[str, Any], text: str) -> None:
    """Add a paragraph to the description of an operation."""
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), text)))
