"""Errors in Auth0's formats: that of the Authentication API and that of the Management API."""

from collections.abc import Mapping
from secrets import token_hex
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class OAuthError(Exception):
    """An error response of the Authentication API (RFC 6749 section 5.2, with Auth0's own statuses)."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.headers = {} if headers is None else dict(headers)
        self.body = {"error": error, "error_description": description} | more


class ApiError(Exception):
    """An error response of the Management API."""

    _TITLES: ClassVar[Mapping[int, str]] = {
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        409: "Conflict",
        413: "Payload Too Large",
        415: "Unsupported Media Type",
        421: "Misdirected Request",
        429: "Too Many Requests",
    }

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {} if headers is None else dict(headers)
        self.body: dict[str, object] = {"statusCode": status, "error": self._TITLES[status], "message": message}
        self.body |= ({} if code is None else {"errorCode": code}) | more


def token_headers() -> dict[str, str]:
    """Return the headers of every response of the token endpoint (RFC 6749 section 5.1)."""
    return {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Auth0-RequestId": token_hex(10)}


async def oauth_error_response(_: Request, error: Exception) -> Response:
    """Return the response for an `OAuthError`."""
    assert isinstance(error, OAuthError)  # noqa: S101 - narrows what add_exception_handler cannot type
    return JSONResponse(error.body, error.status, token_headers() | error.headers)


async def api_error_response(_: Request, error: Exception) -> Response:
    """Return the response for an `ApiError`."""
    assert isinstance(error, ApiError)  # noqa: S101 - narrows what add_exception_handler cannot type
    challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return JSONResponse(error.body, error.status, challenge | error.headers)


async def http_exception_response(_: Request, error: Exception) -> Response:
    """Return the response for an unknown path or method, in the format of the Management API."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows what add_exception_handler cannot type
    refusal = ApiError(error.status_code, error.detail)
    return JSONResponse(refusal.body, error.status_code, error.headers)
