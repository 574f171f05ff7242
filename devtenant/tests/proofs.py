"""DPoP proofs of a client, made by joserfc: another implementation than the tenant's."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_hex
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from .clock import ManualClock


class ProofKey:
    def __init__(self, clock: ManualClock, issuer: str) -> None:
        self.key = ECKey.generate_key("P-256")
        self.thumbprint = self.key.thumbprint()
        self._clock = clock
        self._issuer = issuer

    def headers(self, path: str = "oauth/token", method: str = "POST", /, **changes: object) -> dict[str, str]:
        """Return the header with a proof; `changes` are claims, None removes one."""
        claims = {"jti": token_hex(8), "htm": method, "htu": f"{self._issuer}{path}", "iat": int(self._clock.now)}
        sent = {name: value for name, value in (claims | changes).items() if value is not None}
        return {"DPoP": self.sign(sent)}

    def sign(self, claims: dict[str, Any], **header: object) -> str:
        protected = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)} | header
        sent = {name: value for name, value in protected.items() if value is not None}
        return jwt.encode(sent, claims, self.key, algorithms=["ES256"])


def hash_of(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
