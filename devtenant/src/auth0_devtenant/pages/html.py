"""HTML from templates: each value is escaped unless it is `Html` itself."""

from collections.abc import Iterable
from html import escape
from string import Template


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(template: str, **values: str | Iterable[Html]) -> Html:
    """Return the template with its `$names` replaced; a list of `Html` is joined."""
    return Html(Template(template).substitute({name: _text(value) for name, value in values.items()}))


def _text(value: str | Iterable[Html]) -> str:
    if isinstance(value, Html):
        return value
    return escape(value) if isinstance(value, str) else "".join(value)
