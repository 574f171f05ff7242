"""One request to the Management API, sent with our access token as often as needed."""

from dataclasses import dataclass, field
from typing import Final

from auth0_sso.events import IGNORE
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.http.client import httpx
from auth0_sso.http.tenant_request import TenantCall, send_to_tenant
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.token import IssuedToken

_TIMEOUT: Final = 5.0  # seconds: it tells a tenant that hangs from a long queue of our own
_MAX_RESPONSE_BYTES: Final = 4 * 1024 * 1024  # more than a page of 100 users with 16 KiB of user metadata each


_UNOBSERVED: Final = TenantCall(IGNORE, "management", "")


@dataclass(slots=True)
class AuthorizedRequest:
    """A request with its bearer token (RFC 6750 section 2.1), and the token it was last rejected with."""

    client: httpx.AsyncClient
    request: httpx.Request = field(repr=False)
    tokens: ManagementTokenSource
    call: TenantCall = _UNOBSERVED
    was_sent: bool = field(default=False, init=False)
    rejected: IssuedToken | None = field(default=None, init=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    async def send(self) -> BoundedResponse:
        """Send the request with the current token, and return the response whatever its status.

        After a 401 the next call sends another token, if one may be fetched. Raises `FetchError` where there is no
        response, and what `ManagementTokenSource.current` raises.
        """
        token = await self.tokens.current()
        self.request.headers["Authorization"] = f"Bearer {token.text}"
        retry, self.was_sent = self.was_sent, True
        response = await send_to_tenant(
            self.client,
            self.request,
            self.call,
            max_seconds=_TIMEOUT,
            max_bytes=_MAX_RESPONSE_BYTES,
            retry=retry,
        )
        self.tokens.record_status(
            response.status, token, rejected=self.rejected, request_id=request_id_of(response.headers)
        )
        if response.status == 401:
            self.rejected = token
        return response
