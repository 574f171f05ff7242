"""TLS on the loopback address: a certificate authority of this machine, and a certificate that it signed.

Official SDKs of Auth0 insist on https. The authority may sign for loopback names only (RFC 5280 section 4.2.1.10), so
that trusting it is no danger for other hosts.
"""

import datetime as dt
import os
import ssl
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_ADDRESSES: Final = ("127.0.0.1", "::1")
_AUTHORITY_DAYS: Final = 3650
_SERVER_DAYS: Final = 397  # what browsers accept


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files of a folder: what clients trust, and what the server presents."""

    ca: Path
    """The authority's certificate: NODE_EXTRA_CA_CERTS, curl --cacert."""
    bundle: Path
    """It, and the authorities that this machine trusts: SSL_CERT_FILE, REQUESTS_CA_BUNDLE."""
    certificate: Path
    key: Path


def default_folder() -> Path:
    """Return the folder for the files of this user (XDG Base Directory specification)."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "auth0-devtenant"


def make_tls_files(folder: Path, name: str = "localhost", now: dt.datetime | None = None) -> TlsFiles:
    """Write a new server certificate for `localhost` and the loopback addresses, and return the files.

    The authority is made once for a folder, so that a browser needs to trust it once. `name` is another DNS name to
    serve, such as that of a container; the authority then may sign for it too. Raises `OSError`.
    """
    now = now or dt.datetime.now(dt.UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = "ca" if name == "localhost" else f"ca-{name}"
    files = TlsFiles(
        folder / f"{stem}.pem",
        folder / f"{stem}-bundle.pem",
        folder / f"{stem}-server.pem",
        folder / f"{stem}-server.key",
    )
    authority_key = folder / f"{stem}.key"
    if not _is_usable(files.ca, authority_key, now):
        _make_authority(files.ca, authority_key, name, now)
    _make_certificate(files, authority_key, name, now)
    files.bundle.write_bytes(_system_authorities() + files.ca.read_bytes())
    return files


def _is_usable(certificate: Path, key: Path, now: dt.datetime) -> bool:
    if not (certificate.is_file() and key.is_file()):
        return False
    until = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return until > now + dt.timedelta(days=_SERVER_DAYS)


def _make_authority(certificate: Path, key_file: Path, name: str, now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "auth0-devtenant (this machine only)")])
    networks = [x509.IPAddress(ip_network(address)) for address in _ADDRESSES]
    allowed = [*(x509.DNSName(each) for each in sorted({"localhost", name})), *networks]
    signed = (
        _builder(subject, subject, key.public_key(), now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(allowed, None), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    _write_key(key_file, key)
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))


def _make_certificate(files: TlsFiles, authority_key: Path, name: str, now: dt.datetime) -> None:
    signer = load_pem_private_key(authority_key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 - made by this module
    authority = x509.load_pem_x509_certificate(files.ca.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    addresses = [x509.IPAddress(ip_address(address)) for address in _ADDRESSES]
    names = [*(x509.DNSName(each) for each in sorted({"localhost", name})), *addresses]
    signed = (
        _builder(subject, authority.subject, key.public_key(), now, _SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )
    _write_key(files.key, key)
    files.certificate.write_bytes(signed.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(days=days))


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _system_authorities() -> bytes:
    paths = ssl.get_default_verify_paths()
    found = next((Path(path) for path in (paths.cafile, paths.openssl_cafile) if path and Path(path).is_file()), None)
    return b"" if found is None else found.read_bytes()
