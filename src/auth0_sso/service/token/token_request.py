"""A request to the tenant's token endpoint, and its error in Auth0's own words (RFC 6749 sections 5.1 and 5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.http.bounded_http import BoundedResponse, FetchError, send_bounded
from auth0_sso.http.client import httpx
from auth0_sso.service.token.shown import shown

_TIMEOUT: Final = 10.0
_MAX_RESPONSE_BYTES: Final = 64 * 1024
_REQUEST_ID: Final = "X-Auth0-RequestId"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as it was issued; `scopes` is None where the endpoint did not list them."""

    text: str = field(repr=False)
    scopes: frozenset[str] | None


class TokenRequestError(Exception):
    """The tenant issued no token: `error` and `description` are its own words, escaped and of limited length."""

    def __init__(self, error: str, description: str = "", *, status: int = 0, request_id: str | None = None) -> None:
        """Take those, the HTTP status (0 for no response), and the id by which Auth0's support finds the request."""
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error
        self.description = description
        self.status = status
        self.request_id = request_id

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        words = f"{self.error} ({self.description})" if self.description else self.error
        status = f", status {self.status}" if self.status else ""
        return f"{words}{status}{'' if self.request_id is None else f', request id {self.request_id}'}"


async def post_form(client: httpx.AsyncClient, url: str, form: Mapping[str, str]) -> dict[str, object]:
    """Send a form to an endpoint of the tenant, and return the JSON object of its response.

    Raises `TokenRequestError` for an error response, none, or one that cannot be read.
    """
    request = client.build_request("POST", url, data=dict(form))
    try:
        response = await send_bounded(client, request, max_seconds=_TIMEOUT, max_bytes=_MAX_RESPONSE_BYTES)
        document = response.json() if response.status == 200 else _error_document(response)
    except FetchError as error:
        raise TokenRequestError(error.reason) from None
    members = document if isinstance(document, dict) else {}
    if response.status != 200:
        raise _error(response, members)
    return members


async def request_token(client: httpx.AsyncClient, base_url: str, form: Mapping[str, str]) -> IssuedToken:
    """Return the token that the tenant at `base_url`, with its slash, issues; raise `TokenRequestError` otherwise."""
    members = await post_form(client, f"{base_url}oauth/token", form)
    text, scope = members.get("access_token"), members.get("scope")
    if not isinstance(text, str) or not text:
        raise TokenRequestError("answer_incomplete", status=200)
    return IssuedToken(text, frozenset(scope.split()) if isinstance(scope, str) else None)


def _error_document(response: BoundedResponse) -> object:
    try:
        return response.json()
    except FetchError:  # the status says enough
        return None


def _error(response: BoundedResponse, members: Mapping[str, object]) -> TokenRequestError:
    error, description = members.get("error"), members.get("error_description")
    request_id = response.headers.get(_REQUEST_ID)
    return TokenRequestError(
        shown(error) if isinstance(error, str) and error else f"status_{response.status}",
        shown(description) if isinstance(description, str) else "",
        status=response.status,
        request_id=shown(request_id) if request_id else None,
    )
