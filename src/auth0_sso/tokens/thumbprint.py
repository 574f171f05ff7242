"""RFC 7638: the thumbprint of a JWK, which a token is bound to by `cnf.jkt` (RFC 9449 section 6.1)."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
)
"""The members that the thumbprint is made of, in lexicographic order (RFC 7638 section 3.2, RFC 8037 section 2)."""


def thumbprint(jwk: Mapping[str, object]) -> str:
    """Return the SHA-256 thumbprint of a public key in base64url.

    Raises `ValueError` for a key of another `kty`, or without one of its members.
    """
    kty = jwk.get("kty")
    names = _REQUIRED.get(kty) if isinstance(kty, str) else None
    if names is None:
        raise ValueError("its kty is not EC, OKP or RSA")
    members = {name: jwk.get(name) for name in names}
    if not all(isinstance(value, str) and value and value.isascii() for value in members.values()):
        raise ValueError(f"one of {', '.join(names)} is missing or not a string")
    return base64url(sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
