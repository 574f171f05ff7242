"""Reading the body of a request: malformed bodies get the error that Auth0 gives, never a 500."""

import json
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from auth0_devtenant.errors import ApiError, OAuthError
from auth0_devtenant.state import Json, Tenant

_MAX_BYTES = 1024 * 1024


def tenant_of(request: Request) -> Tenant:
    """Return the state of the tenant that serves the request."""
    tenant = request.app.state.tenant
    assert isinstance(tenant, Tenant)  # noqa: S101 - app.state is untyped
    return tenant


def issuer_of(request: Request) -> str:
    """Return the issuer by the name with which the request came, as with Auth0's custom domains."""
    options = tenant_of(request).options
    host = request.headers.get("Host", "").lower()
    return next((issuer for issuer in options.issuers if urlsplit(issuer).netloc == host), options.issuer)


def media_type(request: Request) -> str:
    """Return the type and subtype of a request's Content-Type, in lower case and without parameters; "" for none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_parameters(request: Request) -> dict[str, str]:
    """Return the parameters of a token request, form or JSON; those that are not strings, such as null, are ignored.

    Raises `OAuthError` for a malformed body, and for another Content-Type (Auth0's response to that is unverified).
    """
    body, kind = await request.body(), media_type(request)
    if kind == "application/x-www-form-urlencoded":
        return read_form(body)
    if kind != "application/json":
        message = "The Content-Type must be application/x-www-form-urlencoded or application/json."
        raise OAuthError(400, "invalid_request", message)
    value = parse_json(body)
    if not isinstance(value, dict):
        raise OAuthError(400, "invalid_request", "The body is not a JSON object.")
    return {name: entry for name, entry in value.items() if isinstance(entry, str)}


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; the last one of those with the same name."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


async def read_document(request: Request, *known: str) -> Json:
    """Return the JSON object of a Management API request; raise `ApiError` for any other body or an unknown member.

    Without a Content-Type the body is read as JSON; another type is a 415. Both are unverified: they are the defaults
    of hapi, which Auth0 runs, and Auth0's SDKs always send JSON with its Content-Type.
    """
    if media_type(request) not in {"application/json", ""}:
        raise ApiError(415, "Unsupported Media Type")
    body = await request.body()
    if len(body) > _MAX_BYTES:
        raise ApiError(413, "Payload content length greater than maximum allowed: 1048576")
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ApiError(400, "Invalid request payload JSON format")
    for name in value:
        if name not in known:
            raise invalid_body(f"Additional properties not allowed: {name}")
    return value


def invalid_body(problem: str) -> ApiError:
    """Return Auth0's error for an invalid body."""
    return ApiError(400, f"Payload validation error: '{problem}'.", "invalid_body")


def parse_json(body: bytes) -> object:
    """Return the JSON value of a body; None for malformed JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
