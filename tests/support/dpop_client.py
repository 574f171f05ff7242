"""A client with a key of its own, whose access tokens are bound to it (RFC 9449)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.proofs import ProofKey, ath_of

Headers = list[tuple[bytes, bytes]]
_NUMBERS = count()


@dataclass
class DPoPClient:
    """Makes tokens, and proofs for requests. `nonce` is the one that the server gave last."""

    issuer: Issuer
    clock: HandClock
    key: ProofKey = field(default_factory=ProofKey)
    nonce: str | None = None

    def token(self, **claims: object) -> str:
        cnf = {"cnf": {"jkt": self.key.jkt}}
        return self.issuer.token(user_claims(self.clock.now, **(cnf | claims)))

    def proof(
        self,
        url: str,
        token: str,
        *,
        method: str = "GET",
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, Any] | None = None,
        without: tuple[str, ...] = (),
    ) -> str:
        said: dict[str, object] = {
            "jti": f"proof-{next(_NUMBERS)}",
            "htm": method,
            "htu": url,
            "iat": int(self.clock.now),
            "ath": ath_of(token),
        }
        nonce = {} if self.nonce is None else {"nonce": self.nonce}
        return self.key.proof(said | nonce | dict(claims or {}), header, without=without)

    def headers(self, url: str, token: str | None = None, **proof: Any) -> Headers:  # noqa: ANN401 - those of `proof`
        """Return the headers of one request: its token, a new one by default, and a proof."""
        token = self.token() if token is None else token
        return sent(token, self.proof(url, token, **proof))


def sent(token: str, *proofs: str, scheme: str = "DPoP") -> Headers:
    """Return the headers with a token and any number of proofs."""
    credentials = (b"authorization", f"{scheme} {token}".encode())
    return [credentials, *((b"dpop", proof.encode()) for proof in proofs)]
