"""The tenant's signing keys: the current one, the next one, and previous ones until they are revoked; all published.

Auth0: "Rotate signing keys". JWK members in Auth0's order (RFC 7517 section 4).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1, sha256
from secrets import token_urlsafe
from typing import Annotated, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic import PlainSerializer, PlainValidator

from auth0_devtenant.jwt import base64url

_CERTIFICATE_LIFETIME = dt.timedelta(days=13 * 365 + 251)


class UnknownKeyError(Exception):
    """No published key has that `kid`."""


class KeyInUseError(Exception):
    """The current and the next key cannot be revoked."""


def _to_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _from_pem(value: object) -> rsa.RSAPrivateKey:
    if isinstance(value, rsa.RSAPrivateKey):
        return value
    key = load_pem_private_key(str(value).encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


PrivateKey = Annotated[rsa.RSAPrivateKey, PlainValidator(_from_pem), PlainSerializer(_to_pem)]


@dataclass(frozen=True)
class SigningKey:
    """A key pair with the self-signed certificate Auth0 shows for it."""

    private: PrivateKey = field(repr=False)
    domain: str
    created_at: float
    kid: str = field(default_factory=lambda: token_urlsafe(16)[:21])

    def __deepcopy__(self, _: object) -> Self:
        """Return itself: it does not change, and a private key cannot be copied."""
        return self

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The certificate, CN=domain."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.domain)])
        start = dt.datetime.fromtimestamp(self.created_at, dt.UTC)
        builder = x509.CertificateBuilder(name, name, self.private.public_key(), _serial_number(self.kid))
        builder = builder.not_valid_before(start).not_valid_after(start + _CERTIFICATE_LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return builder.sign(self.private, hashes.SHA256())

    @cached_property
    def jwk(self) -> dict[str, object]:
        """The public JWK."""
        numbers = self.private.public_key().public_numbers()
        der = self.certificate.public_bytes(Encoding.DER)
        return {
            "kty": "RSA",
            "use": "sig",
            "n": _integer(numbers.n),
            "e": _integer(numbers.e),
            "kid": self.kid,
            "x5t": base64url(sha1(der, usedforsecurity=False).digest()),
            "x5c": [_one_line(self.certificate)],
            "alg": "RS256",
        }


class KeyMaker:
    """Makes signing keys: from the given ones first, then new ones."""

    def __init__(self, domain: str, given: Sequence[rsa.RSAPrivateKey] = ()) -> None:
        """The certificates name `domain`."""
        self._domain = domain
        self._given = iter(given)

    def __call__(self, now: float) -> SigningKey:
        """Return a key made at `now`, in seconds since 1970."""
        private = next(self._given, None) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return SigningKey(private, self._domain, now)


@dataclass
class SigningKeys:
    """All keys of a tenant, and their rotation."""

    current: SigningKey
    next: SigningKey
    previous: list[SigningKey] = field(default_factory=list)

    @property
    def published(self) -> Iterator[SigningKey]:
        """The keys of the JWK Set."""
        yield from (self.current, self.next, *self.previous)

    def find(self, kid: str) -> SigningKey:
        """Return a published key; raise `UnknownKeyError`."""
        for key in self.published:
            if key.kid == kid:
                return key
        raise UnknownKeyError

    def rotate(self, new: SigningKey) -> SigningKey:
        """Make the next key the current one, publish `new` as the next one, and return the current one."""
        self.previous.insert(0, self.current)
        self.current, self.next = self.next, new
        return self.current

    def revoke(self, kid: str) -> SigningKey:
        """Remove a previous key from the JWK Set; raise `KeyInUseError` or `UnknownKeyError`."""
        key = self.find(kid)
        if key not in self.previous:
            raise KeyInUseError
        self.previous.remove(key)
        return key


def _serial_number(kid: str) -> int:
    """Return the same number for a key each time: the certificate of an imported key is the exported one."""
    return int.from_bytes(sha256(kid.encode()).digest()[:16], "big") | 1


def _integer(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _one_line(certificate: x509.Certificate) -> str:
    lines = certificate.public_bytes(Encoding.PEM).decode("ascii").splitlines()
    return "".join(lines[1:-1])
