"""Our own token for the Management API: an `httpx.Auth` that fetches, renews and replaces it by itself.

Client credentials (RFC 6749 section 4.4; Auth0: "Management API access tokens for production"). Auth0 counts and
bills machine tokens, so one is fetched for any number of concurrent callers, and kept until shortly before its end.
"""

import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import httpx

from auth0_sso.errors import ManagementAnswerError, ManagementRefusedError, ManagementUnavailableError, TenantError
from auth0_sso.tenant.capped import Answer, FetchError, exchange
from auth0_sso.tenant.management_token import ManagementToken, SharedToken
from auth0_sso.tenant.single_flight import SingleFlight
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE, AssertionKey

_log = logging.getLogger(__name__)

_DEADLINE = 5.0
_MAX_ANSWER_BYTES = 64 * 1024
_REPLACEMENT_COOLDOWN = 30.0
_LONGEST_BACKOFF = 30.0
_RENEWAL = "renewal"


def management_error(error: FetchError, *, during: str = "") -> TenantError:
    """Return what an exchange with the tenant that gave no usable answer means to the caller."""
    if error.reason in {"timeout", "unreachable"}:
        return ManagementUnavailableError(f"{during}{error.reason}", retry_after=5)
    return ManagementAnswerError(f"{during}{error.reason}")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A confidential client of the tenant, how it proves who it is, and the API it asks a token for."""

    client_id: str
    proof: str | AssertionKey = field(repr=False)
    """The client secret, or the key that signs assertions (Auth0: "private_key_jwt")."""
    audience: str


class ManagementAuth(httpx.Auth):
    """Puts a living Management token on each request it authenticates, and drops the token that a 401 met.

    Sending once more is the caller's part: httpx would read the refusal's body to its end, however long it is.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        credentials: ClientCredentials,
        *,
        shared: SharedToken | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Take the client that fetches tokens from the tenant, whose address ends in a slash.

        With `shared` the token is that of all replicas. Of the clocks the one never goes back, the other counts from
        1970; both in seconds.
        """
        self._client = client
        self._base_url = base_url
        self._credentials = credentials
        self._shared = shared
        self._refused: str | None = None
        self._clock = clock
        self._wall = wall
        self._flight: SingleFlight[str, ManagementToken] = SingleFlight()
        self._token: ManagementToken | None = None
        self._next_replacement_at = clock()
        self._failure: TenantError | None = None
        self._failures = 0
        self._retry_at = clock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Authenticate one request, as httpx asks.

        Raises `ManagementUnavailableError`, `ManagementRefusedError` or `ManagementAnswerError` when no token can
        be had.
        """
        token = await self._living_token()
        request.headers["Authorization"] = f"Bearer {token.text}"
        response = yield request
        if response.status_code == 401:
            self._drop(token)

    async def grants_any(self, scopes: tuple[str, ...]) -> bool:
        """Tell whether our token may be good for one of `scopes`; raises what a call would.

        A token that is not is replaced, once per cooldown: somebody may have granted the scope meanwhile.
        """
        token = await self._living_token()
        if not token.allows_any(scopes):
            self._drop(token)
            token = await self._living_token()
        return token.allows_any(scopes)

    async def aclose(self) -> None:
        """Give up a token fetch that is under way."""
        await self._flight.aclose()

    async def _living_token(self) -> ManagementToken:
        now, token = self._clock(), self._token
        if token is not None and now < token.renew_at:
            return token
        if token is not None and now < token.expires_at:
            if self._failure is None or now >= self._retry_at:
                self._flight.start(_RENEWAL, self._renew)  # behind the callers' backs
            return token
        if self._failure is not None and now < self._retry_at:
            raise self._failure.with_traceback(None)
        return await self._flight.run(_RENEWAL, self._renew)

    def _drop(self, token: ManagementToken) -> None:
        """Forget a refused token, unless its successor would be refused as well.

        Fifty callers may meet the same 401: only the first finds it current, the others join its renewal. And
        where the tenant refuses every token, each call must not buy another one.
        """
        now = self._clock()
        if self._token is token and now >= self._next_replacement_at:
            self._next_replacement_at = now + _REPLACEMENT_COOLDOWN
            self._token, self._refused = None, token.text

    async def _renew(self) -> ManagementToken:
        try:
            self._token = await self._newest()
        except TenantError as error:
            backoff = min(_LONGEST_BACKOFF, 2.0**self._failures)
            self._failures = min(self._failures + 1, 10)
            self._failure, self._retry_at = error, self._clock() + backoff
            _log.error("no Management API token: %s; next try in %.0f s at the earliest", error.reason, backoff)
            raise
        self._failures, self._failure = 0, None
        return self._token

    async def _newest(self) -> ManagementToken:
        return (
            await self._fetch()
            if self._shared is None
            else await self._shared.renewed(self._fetch, refused=self._refused)
        )

    async def _fetch(self) -> ManagementToken:
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
            answer = await exchange(self._client, request, deadline=_DEADLINE, max_bytes=_MAX_ANSWER_BYTES)
        except FetchError as error:
            raise management_error(error, during="token_") from None
        return self._read_token(answer)

    def _proof(self) -> dict[str, str]:
        proof = self._credentials.proof
        if isinstance(proof, str):
            return {"client_secret": proof}
        assertion = proof.assertion(self._credentials.client_id, self._base_url, self._wall())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _read_token(self, answer: Answer) -> ManagementToken:
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
        return ManagementToken.living(text, life, scopes, self._clock())


def _oauth_error(answer: Answer) -> str:
    """Return the error code of a refusal (RFC 6749 section 5.2): a word of the protocol, never its free text."""
    try:
        body = answer.json()
    except FetchError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str) and error.isidentifier() and len(error) <= 40:
        return error
    return f"status_{answer.status}"
