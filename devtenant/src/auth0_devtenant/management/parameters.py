"""The parameters in the query string of a Management API request."""

from starlette.requests import Request

from auth0_devtenant.errors import ApiError


def integer(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return an integer of the query string; raise Auth0's 400 for another value."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise invalid_query(f"Expected type integer but found type string on property {name}")
    if not minimum <= int(text) <= maximum:
        raise invalid_query(f"Value {text} is out of range {minimum} to {maximum} on property {name}")
    return int(text)


def boolean(request: Request, name: str, *, default: bool) -> bool:
    """Return a boolean of the query string; raise Auth0's 400 for another value."""
    text = request.query_params.get(name)
    if text not in {None, "true", "false"}:
        raise invalid_query(f"Expected type boolean but found type string on property {name}")
    return default if text is None else text == "true"


def required(request: Request, name: str) -> str:
    """Return a parameter that must be there; raise Auth0's 400 without it."""
    value = request.query_params.get(name)
    if not value:
        raise invalid_query(f"Missing required property: {name}")
    return value


def refuse_unknown(request: Request, *known: str) -> None:
    """Raise Auth0's 400 for a parameter that the endpoint does not have."""
    for name in request.query_params:
        if name not in known:
            raise invalid_query(f"Additional properties not allowed: {name}")


def invalid_query(problem: str) -> ApiError:
    """Return Auth0's error for an invalid query string."""
    return ApiError(400, f"Query validation error: '{problem}'.", "invalid_query_string")
