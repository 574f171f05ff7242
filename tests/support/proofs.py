"""DPoP proofs as a client makes them, and as one should not (RFC 9449 section 4.2)."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from auth0_sso.tokens.thumbprint import thumbprint


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def ath_of(token: str) -> str:
    return encoded(sha256(token.encode()).digest())


@dataclass(frozen=True)
class ProofKey:
    """A client's key for proofs."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    @property
    def jkt(self) -> str:
        return thumbprint(self.jwk)

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        parts = [encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
        signed = ".".join(parts)
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"

    def proof(
        self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, *, without: tuple[str, ...] = ()
    ) -> str:
        """Return a signed proof; `without` leaves out members of its header and claims."""
        heads = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk} | dict(header or {})
        return self.sign(
            {name: value for name, value in heads.items() if name not in without},
            {name: value for name, value in claims.items() if name not in without},
        )
