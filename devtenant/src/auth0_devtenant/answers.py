"""Answers in Auth0's shapes: of the Authentication API and of the Management API."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """A refusal of the Authentication API (RFC 6749 section 5.2, with Auth0's own statuses)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


class ApiError(Exception):
    """A refusal of the Management API."""

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
    }

    def __init__(self, status: int, message: str, code: str | None = None, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"statusCode": status, "error": self._TITLES[status], "message": message}
        self.body |= ({} if code is None else {"errorCode": code}) | more


def token_answer(body: dict[str, Any]) -> JSONResponse:
    """Return the answer of the token endpoint (RFC 6749 section 5.1)."""
    return JSONResponse(body, headers=_NO_STORE | {"X-Auth0-RequestId": token_hex(10)})


async def answer_oauth_error(_: Request, error: Exception) -> Response:
    """Answer an `OAuthError`."""
    assert isinstance(error, OAuthError)  # noqa: S101 - narrows what add_exception_handler cannot type
    return JSONResponse(error.body, error.status, _NO_STORE | {"X-Auth0-RequestId": token_hex(10)})


async def answer_api_error(_: Request, error: Exception) -> Response:
    """Answer an `ApiError`."""
    assert isinstance(error, ApiError)  # noqa: S101 - narrows what add_exception_handler cannot type
    challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return JSONResponse(error.body, error.status, challenge)


async def answer_http_exception(_: Request, error: Exception) -> Response:
    """Answer for a path or method the tenant does not have, in the shape of the Management API."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows what add_exception_handler cannot type
    refusal = ApiError(error.status_code, error.detail)
    return JSONResponse(refusal.body, error.status_code, error.headers)
