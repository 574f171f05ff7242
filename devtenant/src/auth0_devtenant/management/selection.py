"""The members of a document that `fields` and `include_fields` select, nested ones by their path."""

from collections.abc import Sequence

from starlette.requests import Request

from auth0_devtenant.management.parameters import boolean
from auth0_devtenant.state import Json


def select_fields(request: Request, document: Json) -> Json:
    """Return the members of a document that `fields` lists, or with include_fields=false the other ones."""
    paths = [name.strip().split(".") for name in request.query_params.get("fields", "").split(",") if name.strip()]
    include = boolean(request, "include_fields", default=True)
    if not paths:
        return document
    return _include(document, paths) if include else _exclude(document, paths)


def _include(document: Json, paths: Sequence[list[str]]) -> Json:
    selected = {}
    for name, value in document.items():
        below = [path[1:] for path in paths if path[0] == name]
        if [] in below:
            selected[name] = value
        elif below and (nested := _each(value, below, include=True)):
            selected[name] = nested
    return selected


def _exclude(document: Json, paths: Sequence[list[str]]) -> Json:
    rest = {}
    for name, value in document.items():
        below = [path[1:] for path in paths if path[0] == name]
        if [] not in below:
            rest[name] = _each(value, below, include=False) if below else value
    return rest


def _each(value: object, paths: Sequence[list[str]], *, include: bool) -> object:
    """Select in an object, or in each object of an array."""
    if isinstance(value, list):
        return [_each(each, paths, include=include) for each in value]
    if isinstance(value, dict):
        return _include(value, paths) if include else _exclude(value, paths)
    return None if include else value
