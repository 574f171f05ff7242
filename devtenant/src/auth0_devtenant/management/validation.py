"""Bodies of the Management API: read into pydantic models, refused in the words of Auth0's validator.

Auth0's recorded messages are those of the JSON Schema validator z-schema, with the property's description in
parentheses; the descriptions are left out here.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from auth0_devtenant.bodies import read_json, read_json_object
from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Json

_TYPES = {
    "string_type": "string",
    "int_type": "integer",
    "int_from_float": "integer",
    "bool_type": "boolean",
    "float_type": "number",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}


class Body(BaseModel):
    """A body without unknown members; a value of another type is not converted."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    @property
    def given(self) -> Json:
        """The members that the request has, as plain values."""
        return self.model_dump(exclude_unset=True)


BodyT = TypeVar("BodyT", bound=Body)


async def read_body(request: Request, model: type[BodyT]) -> BodyT:
    """Return the body of a request; raise Auth0's 400 "invalid_body" for one that does not fit the model."""
    return _validated(model, await read_json_object(request))


async def read_array(request: Request, model: type[BodyT], *, max_length: int) -> list[BodyT]:
    """Return the items of a body that is an array; raise Auth0's 400 "invalid_body" for one that does not fit."""
    items = await read_json(request)
    if not isinstance(items, list):
        raise ApiError(400, "Invalid request payload JSON format")
    if not 1 <= len(items) <= max_length:
        problem = "short ({}), minimum 1" if not items else f"long ({{}}), maximum {max_length}"
        raise invalid_body(f"Array is too {problem.format(len(items))}")
    return [_validated(model, item) for item in items]


def _validated(model: type[BodyT], value: object) -> BodyT:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid_body(*_problem(error.errors()[0])) from None


def invalid_body(problem: str, where: str = "") -> ApiError:
    """Return Auth0's error for an invalid body; `where` is the path of a member."""
    place = f" on property {where}" if where else ""
    return ApiError(400, f"Payload validation error: '{problem}'{place}.", "invalid_body")


def invalid_format(name: str, value: object) -> ValueError:
    """Return the error of a value that lacks a format, for a validator of a model."""
    return ValueError(f"Object didn't pass validation for format {name}: {value}")


def _problem(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong and where, for pydantic's error."""
    location = [str(part) for part in error["loc"]]
    if error["type"] in {"missing", "extra_forbidden"}:
        text = "Missing required property" if error["type"] == "missing" else "Additional properties not allowed"
        return f"{text}: {location[-1]}", ".".join(location[:-1])
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] in _TYPES:
        found = _type_name(error["input"])
        return f"Expected type {_TYPES[error['type']]} but found type {found}", ".".join(location)
    words = _WORDS.get(error["type"])
    return (error["msg"] if words is None else words(error["input"], context)), ".".join(location)


def _type_name(value: object) -> str:
    names = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array", type(None): "null"}
    return names.get(type(value), "object")


_WORDS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "value_error": lambda _, context: str(context["error"]),
    "literal_error": lambda value, _: f"No enum match for: {value}",
    "greater_than_equal": lambda value, context: f"Value {value} is less than minimum {context['ge']}",
    "less_than_equal": lambda value, context: f"Value {value} is greater than maximum {context['le']}",
    "string_too_short": lambda value, context: (
        f"String is too short ({len(value)} chars), minimum {context['min_length']}"
    ),
    "string_too_long": lambda value, context: (
        f"String is too long ({len(value)} chars), maximum {context['max_length']}"
    ),
    "string_pattern_mismatch": lambda value, context: f"String does not match pattern {context['pattern']}: {value}",
    "too_short": lambda value, context: f"Array is too short ({len(value)}), minimum {context['min_length']}",
    "too_long": lambda value, context: f"Array is too long ({len(value)}), maximum {context['max_length']}",
}
