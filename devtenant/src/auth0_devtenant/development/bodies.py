"""The JSON bodies of requests under /_development."""

from starlette.requests import Request

from auth0_devtenant.bodies import media_type, parse_json
from auth0_devtenant.errors import ApiError


async def read_json(request: Request) -> object:
    """Return the JSON body of a request; raise `ApiError` for another media type, None for malformed JSON."""
    # A page of another site can send other types without a preflight (Fetch standard).
    if media_type(request) != "application/json":
        raise ApiError(415, "The body must be sent as application/json.")
    return parse_json(await request.body())
