"""RFC 7523 section 2.2: client authentication by a signed assertion instead of a client secret."""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jose import jws

from auth0_sso.clock import WallTime

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_ALGORITHM = "RS256"
_LIFETIME = 60  # seconds; Auth0 accepts up to 300 ("Authenticate with private key JWT")
_MIN_BITS = 2048
_PEM = re.compile(r"-----BEGIN .*?-----END [^-\n]*-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """An RSA private key whose public key is registered at Auth0, and its `kid` there, if any."""

    pem: str = field(repr=False)
    key_id: str | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` unless it is an RSA private key in PEM of 2048 bits or more."""
        try:
            key = self._loaded()
        except (ValueError, TypeError):  # TypeError: the key is encrypted
            raise ValueError("is not a private key in PEM without a password") from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < _MIN_BITS:
            raise ValueError(f"is not an RSA key of {_MIN_BITS} bits or more")

    @property
    def secret(self) -> str:
        """A secret derived from the key, the same for every PEM encoding of it (line endings, PKCS #1 or #8)."""
        return sha256(self._loaded().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).hexdigest()

    @classmethod
    def listed(cls, pems: str, key_ids: str) -> "tuple[AssertionKey, ...]":
        """Return the keys of PEM blocks, one behind the other, with their comma-separated ids, if there are any.

        Raises `ValueError` as for one key, and unless there are as many ids as keys or none.
        """
        blocks = _PEM.findall(pems) or [pems]
        ids = [key_id.strip() for key_id in key_ids.split(",")] if key_ids else [None] * len(blocks)
        if len(ids) != len(blocks):
            raise ValueError("has another number of keys than there are key ids")
        return tuple(cls(block, key_id or None) for block, key_id in zip(blocks, ids, strict=True))

    def _loaded(self) -> PrivateKeyTypes:
        return load_pem_private_key(self.pem.encode(), password=None)

    def assertion(self, client_id: str, audience: str, now: WallTime) -> str:
        """Return a JWT that authenticates `client_id` at `audience` once, at `now` in seconds since 1970."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + _LIFETIME,
            "jti": uuid4().hex,
        }
        headers = None if self.key_id is None else {"kid": self.key_id}
        return str(jws.sign(claims, self.pem, headers=headers, algorithm=_ALGORITHM))
