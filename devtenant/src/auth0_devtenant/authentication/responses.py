"""Authorization responses in their four modes: query, fragment, form_post and web_message.

OAuth 2.0 Multiple Response Type Encoding Practices; OAuth 2.0 Form Post Response Mode; web_message is Auth0's, for
silent logins in an iframe and logins in a popup.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.pages.error import error_page
from auth0_devtenant.pages.responses import form_post_page, web_message_page

RESPONSE_MODES: Final = ("query", "fragment", "form_post", "web_message")


@dataclass(frozen=True, slots=True)
class ResponseTarget:
    """Where and how the response to an authorization request is sent; the redirect URI has been checked."""

    redirect_uri: str
    response_mode: str
    state: str | None

    @property
    def origin(self) -> str:
        """The origin of the redirect URI, which gets a web message."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


class UntrustedRequestError(Exception):
    """A request that gets an error page and no redirect (RFC 6749 section 4.1.2.1); the text is for the page."""


class AuthorizationError(Exception):
    """An error that is sent to the application (RFC 6749 section 4.1.2.1, OIDC Core section 3.1.2.6)."""

    def __init__(self, target: ResponseTarget, error: str, description: str) -> None:
        super().__init__(description)
        self.target = target
        self.error = error
        self.description = description


def respond(request: Request, target: ResponseTarget, values: Mapping[str, str]) -> Response:
    """Return the response that brings `values` and the state to the application.

    The tenant setting for it adds the issuer (`iss`, RFC 9207 section 2), in errors too.
    """
    values = dict(values) | ({} if target.state is None else {"state": target.state})
    if tenant_of(request).identifies_issuer:
        values["iss"] = issuer_of(request)
    if target.response_mode == "form_post":
        return form_post_page(target.redirect_uri, values)
    if target.response_mode == "web_message":
        return web_message_page(target.origin, values)
    separator = "#" if target.response_mode == "fragment" else "&" if urlsplit(target.redirect_uri).query else "?"
    location = f"{target.redirect_uri}{separator}{urlencode(values)}"
    return RedirectResponse(location, 302, {"Cache-Control": "no-store"})


async def authorization_error_response(request: Request, error: Exception) -> Response:
    """Return the response for an `AuthorizationError`."""
    assert isinstance(error, AuthorizationError)  # noqa: S101 - narrows what add_exception_handler cannot type
    return respond(request, error.target, {"error": error.error, "error_description": error.description})


async def untrusted_request_response(_: Request, error: Exception) -> Response:
    """Return the response for an `UntrustedRequestError`."""
    return error_page(str(error))
