"""JWTs (RFC 7515, RFC 7519): what the tenant needs to sign its tokens and to verify them and clients' assertions."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_ALGORITHMS: Final[Mapping[object, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]]] = {
    "RS256": (padding.PKCS1v15(), hashes.SHA256()),
    "RS384": (padding.PKCS1v15(), hashes.SHA384()),
    "PS256": (padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashes.SHA256()),
}


class InvalidTokenError(Exception):
    """The text is not a JWT, or the key did not sign it."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The parts of a JWT whose signature is not verified yet."""

    header: dict[str, object]
    claims: dict[str, object]
    signing_input: bytes
    signature: bytes


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Decode text without padding (RFC 7515 section 2); raise `InvalidTokenError`."""
    return _bytes(text)


def decode(token: str) -> Decoded:
    """Return the parts of a JWT without a look at the signature; raise `InvalidTokenError` for what is none."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return Decoded(_object(parts[0]), _object(parts[1]), signing_input, _bytes(parts[2]))


def sign(header: Mapping[str, object], claims: Mapping[str, object], key: rsa.RSAPrivateKey) -> str:
    """Return the compact serialization, signed with RS256; the members keep their order."""
    signing_input = f"{_part(header)}.{_part(claims)}"
    return f"{signing_input}.{base64url(key.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def kid_of(token: str) -> str:
    """Return the `kid` of a token's header; raise `InvalidTokenError` if there is none."""
    kid = _object(token.split(".", maxsplit=1)[0]).get("kid")
    if not isinstance(kid, str):
        raise InvalidTokenError
    return kid


def unverified_claims(token: str) -> dict[str, object]:
    """Return the claims without a look at the signature; raise `InvalidTokenError` for what is not a JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError
    return _object(parts[1])


def verify(token: str, key: rsa.RSAPublicKey, algorithms: Collection[str] = ("RS256",)) -> dict[str, object]:
    """Return the claims of a token that `key` signed with one of `algorithms`.

    They are RS256, RS384 and PS256 (RFC 7518 section 3.1). Raises `InvalidTokenError` for any other token.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidTokenError
    algorithm = _object(parts[0]).get("alg")
    if algorithm not in algorithms:
        raise InvalidTokenError
    signature_padding, digest = _ALGORITHMS[algorithm]
    try:
        key.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode(), signature_padding, digest)
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
