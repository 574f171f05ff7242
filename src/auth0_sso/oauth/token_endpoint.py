"""The tenant's token endpoint, asked by a confidential client (RFC 6749 sections 3.2 and 4.4)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ClientRefusedError, TenantAnswer, TokenAnswerError, TokenUnavailableError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, url_for_log
from auth0_sso.http.client import httpx
from auth0_sso.http.tenant_request import TenantCall, send_to_tenant
from auth0_sso.http.tenant_words import words_of
from auth0_sso.oauth.proofs import MAX_PROOFS, Proof, Proofs
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.oauth.token_refusals import CLIENT_REFUSED, refusal_of
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE

_TIMEOUT: Final = 5.0
_MAX_RESPONSE_BYTES: Final = 64 * 1024
_NOT_SECRET: Final = frozenset({"", ASSERTION_TYPE})

Reread = Callable[[], Awaitable[None]]
"""Reads the secrets again where they are."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for access tokens of a client's own (RFC 6749 section 4.4.2): its credentials, and for which API.

    `scope` is space-separated, and `organization` an id; without them Auth0 grants what the client may have.
    """

    client_id: str
    proofs: Proofs = field(repr=False)
    audience: str
    scope: str = ""
    organization: str = ""

    @property
    def grant(self) -> Mapping[str, str]:
        """The parameters, without those by which the client authenticates."""
        optional = {"scope": self.scope, "organization": self.organization}
        given = {name: value for name, value in optional.items() if value}
        return {"grant_type": "client_credentials", "audience": self.audience, **given}


async def read_nothing() -> None:
    """Take the place of `reread` where secrets do not change."""


class TokenEndpoint:
    """Fetches access tokens for one client of the tenant."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        client_id: str,
        proofs: Proofs,
        *,
        reread: Reread = read_nothing,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the HTTP client, the tenant's URL with its trailing slash, the client's credentials and the clock.

        `reread` is called when a proof is refused, and replaces the proofs where new ones are set.
        """
        self._call = TenantCall(observe, "token", "/oauth/token")
        self._client = client
        self._base_url = base_url
        self._client_id = client_id
        self._proofs = proofs
        self._reread = reread
        self._clock = clock

    async def fetch(self, grant: Mapping[str, str]) -> IssuedToken:
        """Return a new token for a `grant_type` and its parameters.

        If the secret or key is refused, read it again, and try each other one once.

        Raises `TokenUnavailableError` when the endpoint does not respond, `ClientQuotaError` for a 429,
        `ClientRefusedError` when it issues none, and `TokenAnswerError` for a response that is not RFC 6749 section
        5.1.
        """
        proofs, refused = self._proofs, list[Proof]()
        proof = proofs.preferred
        while True:
            try:
                token = await self._request(grant, self._parameters(proof))
            except ClientRefusedError as refusal:
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

    async def _request(self, grant: Mapping[str, str], proof: Mapping[str, str]) -> IssuedToken:
        request = self._client.build_request(
            "POST",
            f"{self._base_url}oauth/token",
            json={**grant, "client_id": self._client_id, **proof},
        )
        try:
            response = await send_to_tenant(
                self._client, request, self._call, max_seconds=_TIMEOUT, max_bytes=_MAX_RESPONSE_BYTES
            )
        except FetchError as error:
            raise _unavailable(error, url=url_for_log(request.url)) from None
        if response.status != 200:
            sent = [text for text in (*proof.values(), grant.get("subject_token", "")) if text not in _NOT_SECRET]
            raise refusal_of(response, sent=sent, now=self._clock.wall())
        try:
            return self._read_token(response)
        except TokenAnswerError as unreadable:
            unreadable.answer = TenantAnswer(response.status, None, request_id_of(response.headers))
            unreadable.log_detail = words_of(unreadable.answer, None)
            raise

    def _parameters(self, proof: Proof) -> dict[str, str]:
        """Return the parameters by which the client authenticates."""
        if isinstance(proof, str):
            return {"client_secret": proof}
        assertion = proof.assertion(self._client_id, self._base_url, self._clock.wall())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _read_token(self, response: BoundedResponse) -> IssuedToken:
        """Read a successful response (RFC 6749 section 5.1)."""
        try:
            body = response.json()
        except FetchError as error:
            raise TokenAnswerError(f"token_{error.reason}") from None
        if not isinstance(body, dict):
            raise TokenAnswerError("token_answer_incomplete")
        text, lifetime = body.get("access_token"), body.get("expires_in")
        if (
            not isinstance(text, str)
            or not text
            or isinstance(lifetime, bool)
            or not isinstance(lifetime, int | float)
        ):
            raise TokenAnswerError("token_answer_incomplete")
        scope = body.get("scope")
        scopes = frozenset(scope.split()) if isinstance(scope, str) else None
        return IssuedToken.issued(text, lifetime, scopes, self._clock.monotonic())


def _unavailable(error: FetchError, *, url: str) -> TokenUnavailableError:
    unavailable = TokenUnavailableError(f"token_{error.reason}", retry_after=5)
    unavailable.log_detail = url if error.cause is None else f"{url}: {error.cause}"
    return unavailable
