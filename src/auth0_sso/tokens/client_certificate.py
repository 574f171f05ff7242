"""RFC 8705: the certificate of a client, as a TLS proxy forwards it, and its thumbprint, `cnf["x5t#S256"]`.

The proxy has checked the certificate, and removes the header from what clients send (RFC 9440 section 4); the chain
does not matter here (RFC 8705 section 7.1). Whatever could be read as two certificates is refused.
"""

import binascii
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal, NoReturn

from cryptography import x509

from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens.thumbprint import base64url

CertificateFormat = Literal["rfc9440", "xfcc", "pem"]
"""`rfc9440` is Client-Cert, `xfcc` is Envoy's X-Forwarded-Client-Cert, `pem` is nginx's $ssl_client_escaped_cert."""

_MAX_BYTES: Final = 16 * 1024
_BINARY: Final = re.compile(rb":([A-Za-z0-9+/]+={0,2}):")  # RFC 8941 section 3.3.5
_PEM: Final = re.compile(rb"\s*-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END CERTIFICATE-----\s*")
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
_XFCC_PAIR: Final = re.compile(rb'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^";,=]*)')
_SHA256: Final = re.compile(rb"[0-9a-fA-F]{64}")


def certificate_thumbprint(values: Sequence[bytes], form: CertificateFormat) -> str | None:
    """Return the SHA-256 thumbprint in base64url of the certificate in a header; None where there is no such header.

    `values` are those of all headers of that name. Raises `InvalidTokenError` for more than one certificate, and for
    what cannot be read.
    """
    if not values or values == [b""]:  # nginx sends an empty header without a certificate
        return None
    if len(values) > 1 or len(values[0]) > _MAX_BYTES:
        _refuse()
    return base64url(_DIGESTS[form](values[0].strip(b" \t")))


def _rfc9440_digest(value: bytes) -> bytes:
    found = _BINARY.fullmatch(value)
    return _digest(_base64(found[1])) if found else _refuse()


def _pem_digest(value: bytes) -> bytes:
    """`+` is a character of base64, and not a space as in a form."""
    found = _PEM.fullmatch(_ESCAPED.sub(_unescaped, value))
    return _digest(_base64(b"".join(found[1].split()))) if found else _refuse()


def _xfcc_digest(value: bytes) -> bytes:
    """Read the one element that a proxy makes with SANITIZE_SET; clients could prepend others with APPEND_FORWARD."""
    pairs = _xfcc_pairs(value)
    digests = {_xfcc_hash(pairs[b"hash"])} if b"hash" in pairs else set()
    if b"cert" in pairs:
        digests.add(_pem_digest(pairs[b"cert"]))
    return digests.pop() if len(digests) == 1 else _refuse()


def _xfcc_pairs(value: bytes) -> dict[bytes, bytes]:
    pairs: dict[bytes, bytes] = {}
    place = 0
    while True:
        found = _XFCC_PAIR.match(value, place)
        if found is None:
            _refuse()
        name, text = found[1].lower(), found[2].strip(b'"')
        if name in pairs and name in {b"hash", b"cert"}:
            _refuse()
        pairs[name] = text
        if found.end() == len(value):
            return pairs
        if value[found.end() : found.end() + 1] != b";":  # a comma begins another element
            _refuse()
        place = found.end() + 1


def _xfcc_hash(text: bytes) -> bytes:
    return bytes.fromhex(text.decode()) if _SHA256.fullmatch(text) else _refuse()


_DIGESTS: Final = MappingProxyType[CertificateFormat, Callable[[bytes], bytes]](
    {"rfc9440": _rfc9440_digest, "xfcc": _xfcc_digest, "pem": _pem_digest}
)


def _digest(der: bytes) -> bytes:
    try:
        x509.load_der_x509_certificate(der)  # refuses what is not exactly one certificate
    except ValueError:
        _refuse()
    return sha256(der).digest()


def _base64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        _refuse()


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else _refuse()


def _refuse() -> NoReturn:
    raise InvalidTokenError("certificate_invalid", "The client certificate cannot be read.")
