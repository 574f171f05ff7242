"""JWTs signed with RS256 (RFC 7515, RFC 7519): what the tenant needs to sign its tokens and verify them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class InvalidTokenError(Exception):
    """The text is not a JWT, or the key did not sign it."""


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign(header: Mapping[str, object], claims: Mapping[str, object], key: rsa.RSAPrivateKey) -> str:
    """Return the compact serialization; the members keep their order."""
    signing_input = f"{_part(header)}.{_part(claims)}"
    return f"{signing_input}.{base64url(key.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def kid_of(token: str) -> str:
    """Return the `kid` of a token's header; raise `InvalidTokenError` if there is none."""
    kid = _object(token.split(".", maxsplit=1)[0]).get("kid")
    if not isinstance(kid, str):
        raise InvalidTokenError
    return kid


def verify(token: str, key: rsa.RSAPublicKey) -> dict[str, object]:
    """Return the claims of a token signed by `key`; raise `InvalidTokenError` for any other."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError
    try:
        key.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise InvalidTokenError from None
    return _object(parts[1])


def _part(value: Mapping[str, object]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def _bytes(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise InvalidTokenError from None


def _object(part: str) -> dict[str, object]:
    try:
        value = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        raise InvalidTokenError from None
    if not isinstance(value, dict):
        raise InvalidTokenError
    return value
