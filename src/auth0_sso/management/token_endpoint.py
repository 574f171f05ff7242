"""The tenant's token endpoint: the client credentials grant (RFC 6749 section 4.4)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ManagementAnswerError, ManagementRefusedError, TenantAnswer
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, url_for_log
from auth0_sso.http.client import httpx
from auth0_sso.http.tenant_request import TenantCall, send_to_tenant
from auth0_sso.management.error_responses import unavailable, words_of
from auth0_sso.management.proofs import MAX_PROOFS, Proof, Proofs
from auth0_sso.management.token import ManagementToken
from auth0_sso.management.token_refusals import CLIENT_REFUSED, refusal_of
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE

_TIMEOUT: Final = 5.0
_MAX_RESPONSE_BYTES: Final = 64 * 1024

Reread = Callable[[], Awaitable[None]]
"""Reads the secrets again where they are."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The credentials of a confidential client, and the API that it requests tokens for."""

    client_id: str
    proofs: Proofs = field(repr=False)
    audience: str


async def read_nothing() -> None:
    """Take the place of `reread` where secrets do not change."""


class TokenEndpoint:
    """Fetches access tokens for one client of the tenant."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        credentials: ClientCredentials,
        *,
        reread: Reread = read_nothing,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the HTTP client, the tenant's URL with its trailing slash, the credentials and the clock.

        `reread` is called when a proof is refused, and replaces the proofs where new ones are set.
        """
        self._call = TenantCall(observe, "token", "/oauth/token")
        self._client = client
        self._base_url = base_url
        self._credentials = credentials
        self._reread = reread
        self._clock = clock

    async def fetch(self) -> ManagementToken:
        """Return a new token. If the secret or key is refused, read it again, and try each other one once.

        Raises `ManagementUnavailableError` when the endpoint does not respond, `ManagementRefusedError` when it
        rejects the credentials, and `ManagementAnswerError` for a response that is not RFC 6749 section 5.1.
        """
        proofs, refused = self._credentials.proofs, list[Proof]()
        proof = proofs.preferred
        while True:
            try:
                token = await self._request(self._parameters(proof))
            except ManagementRefusedError as refusal:
                if refusal.reason != CLIENT_REFUSED:
                    raise
                refused.append(proof)
                if len(refused) == 1:
                    await self._reread()
                untried = proofs.next_after(refused)
                if untried is None or len(refused) > MAX_PROOFS:
                    raise
                proof = untried
            else:
                proofs.record_accepted(proof, refused=len(refused))
                return token

    async def _request(self, proof: Mapping[str, str]) -> ManagementToken:
        request = self._client.build_request(
            "POST",
            f"{self._base_url}oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": self._credentials.client_id,
                "audience": self._credentials.audience,
                **proof,
            },
        )
        try:
            response = await send_to_tenant(
                self._client, request, self._call, max_seconds=_TIMEOUT, max_bytes=_MAX_RESPONSE_BYTES
            )
        except FetchError as error:
            raise unavailable(error, url=url_for_log(request.url), prefix="token_") from None
        if response.status != 200:
            raise refusal_of(response, sent=[text for text in proof.values() if text != ASSERTION_TYPE])
        try:
            return self._read_token(response)
        except ManagementAnswerError as unreadable:
            unreadable.answer = TenantAnswer(response.status, None, request_id_of(response.headers))
            unreadable.log_detail = words_of(unreadable.answer, None)
            raise

    def _parameters(self, proof: Proof) -> dict[str, str]:
        """Return the parameters by which the client authenticates."""
        if isinstance(proof, str):
            return {"client_secret": proof}
        assertion = proof.assertion(self._credentials.client_id, self._base_url, self._clock.wall())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _read_token(self, response: BoundedResponse) -> ManagementToken:
        """Read a successful response (RFC 6749 section 5.1)."""
        try:
            body = response.json()
        except FetchError as error:
            raise ManagementAnswerError(f"token_{error.reason}") from None
        if not isinstance(body, dict):
            raise ManagementAnswerError("token_answer_incomplete")
        text, lifetime = body.get("access_token"), body.get("expires_in")
        if (
            not isinstance(text, str)
            or not text
            or isinstance(lifetime, bool)
            or not isinstance(lifetime, int | float)
        ):
            raise ManagementAnswerError("token_answer_incomplete")
        scope = body.get("scope")
        scopes = frozenset(scope.split()) if isinstance(scope, str) else None
        return ManagementToken.issued(text, lifetime, scopes, self._clock.monotonic())
