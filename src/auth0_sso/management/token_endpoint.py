"""The tenant's token endpoint, asked for our own token: client credentials (RFC 6749 section 4.4)."""

from dataclasses import dataclass, field
from typing import Final

import httpx

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ManagementAnswerError, ManagementRefusedError, ManagementUnavailableError
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, send_bounded
from auth0_sso.management.shared_token import ManagementToken
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE, AssertionKey

_DEADLINE: Final = 5.0
_MAX_ANSWER_BYTES: Final = 64 * 1024


def unavailable(error: FetchError, *, during: str = "") -> ManagementUnavailableError:
    """Return what an exchange with the tenant that brought no answer means to the caller."""
    return ManagementUnavailableError(f"{during}{error.reason}", retry_after=5)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A confidential client of the tenant, how it proves who it is, and the API it asks a token for."""

    client_id: str
    proof: str | AssertionKey = field(repr=False)
    """The client secret, or the key that signs assertions (Auth0: "private_key_jwt")."""
    audience: str


class TokenEndpoint:
    """Fetches tokens for one client of the tenant."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        credentials: ClientCredentials,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the tenant's address with its trailing slash, and the clocks that `ManagementAuth` takes."""
        self._client = client
        self._base_url = base_url
        self._credentials = credentials
        self._clock = clock

    async def fetch(self) -> ManagementToken:
        """Return a new token.

        Raises `ManagementUnavailableError`, `ManagementRefusedError` or `ManagementAnswerError` when there is none.
        """
        request = self._client.build_request(
            "POST",
            f"{self._base_url}oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": self._credentials.client_id,
                "audience": self._credentials.audience,
                **self._proof(),
            },
        )
        try:
            answer = await send_bounded(self._client, request, deadline=_DEADLINE, max_bytes=_MAX_ANSWER_BYTES)
        except FetchError as error:
            raise unavailable(error, during="token_") from None
        return self._read_token(answer)

    def _proof(self) -> dict[str, str]:
        proof = self._credentials.proof
        if isinstance(proof, str):
            return {"client_secret": proof}
        assertion = proof.assertion(self._credentials.client_id, self._base_url, self._clock.wall())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _read_token(self, answer: BoundedResponse) -> ManagementToken:
        """RFC 6749 sections 5.1 and 5.2."""
        if answer.status == 429 or answer.status >= 500:
            raise ManagementUnavailableError(f"token_status_{answer.status}", retry_after=5)
        if answer.status != 200:
            raise ManagementRefusedError(f"token_{_oauth_error(answer)}")
        try:
            body = answer.json()
        except FetchError as error:
            raise ManagementAnswerError(f"token_{error.reason}") from None
        if not isinstance(body, dict):
            raise ManagementAnswerError("token_answer_incomplete")
        text, life = body.get("access_token"), body.get("expires_in")
        if not isinstance(text, str) or not text or isinstance(life, bool) or not isinstance(life, int | float):
            raise ManagementAnswerError("token_answer_incomplete")
        scope = body.get("scope")
        scopes = frozenset(scope.split()) if isinstance(scope, str) else None
        return ManagementToken.living(text, life, scopes, self._clock.monotonic())


def _oauth_error(answer: BoundedResponse) -> str:
    """Return the error code of a refusal (RFC 6749 section 5.2): a word of the protocol, never its free text."""
    try:
        body = answer.json()
    except FetchError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str) and error.isidentifier() and len(error) <= 40:
        return error
    return f"status_{answer.status}"
