"""The tenant's signing keys: the current one, the next one, and previous ones until they are revoked; all published.

Auth0: "Rotate signing keys". JWK members in Auth0's order (RFC 7517 section 4).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from secrets import token_urlsafe
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from auth0_devtenant.jwt import base64url

_CERTIFICATE_LIFETIME = dt.timedelta(days=13 * 365 + 251)


class UnknownKeyError(Exception):
    """No published key has that `kid`."""


class KeyInUseError(Exception):
    """The current and the next key cannot be revoked."""


@dataclass(frozen=True)
class SigningKey:
    """A key pair with the self-signed certificate Auth0 shows for it."""

    private: rsa.RSAPrivateKey = field(repr=False)
    domain: str
    created_at: float
    kid: str = field(default_factory=lambda: token_urlsafe(16)[:21])

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The certificate, CN=domain."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.domain)])
        start = dt.datetime.fromtimestamp(self.created_at, dt.UTC)
        builder = x509.CertificateBuilder(name, name, self.private.public_key(), x509.random_serial_number())
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


class SigningKeys:
    """All keys of a tenant, and their rotation."""

    def __init__(self, issuer: str, now: float, keys: Sequence[rsa.RSAPrivateKey] = ()) -> None:
        """Use `keys` before new ones are generated; the certificates name the host of `issuer`."""
        self._domain = urlsplit(issuer).netloc
        self._given = iter(keys)
        self.previous: list[SigningKey] = []
        self.current = self._make(now)
        self.next = self._make(now)

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

    def rotate(self, now: float) -> SigningKey:
        """Make the next key the current one, publish a new next one, and return the current one."""
        self.previous.insert(0, self.current)
        self.current, self.next = self.next, self._make(now)
        return self.current

    def revoke(self, kid: str) -> SigningKey:
        """Remove a previous key from the JWK Set; raise `KeyInUseError` or `UnknownKeyError`."""
        key = self.find(kid)
        if key not in self.previous:
            raise KeyInUseError
        self.previous.remove(key)
        return key

    def _make(self, now: float) -> SigningKey:
        private = next(self._given, None) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return SigningKey(private, self._domain, now)


def _integer(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _one_line(certificate: x509.Certificate) -> str:
    lines = certificate.public_bytes(Encoding.PEM).decode("ascii").splitlines()
    return "".join(lines[1:-1])
