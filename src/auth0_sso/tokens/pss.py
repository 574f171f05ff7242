"""RFC 7518 section 3.5: PS256, which Auth0 offers for APIs and python-jose lacks, by python-jose's key interface."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyRSAKey

_SHA256 = hashes.SHA256()
# "The size of the salt value is the same size as the hash function output", and MGF1 uses the same hash.
_PSS = padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size)


class PssKey(Key):  # type: ignore[misc]  # python-jose publishes no types
    """An RSA public key that verifies PS256 signatures."""

    def __init__(self, key: Mapping[str, str]) -> None:
        """Take the members of an RSA JWK."""
        self.prepared_key = CryptographyRSAKey(key, "RS256").prepared_key

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Return whether `sig` is this key's signature of `msg`."""
        try:
            self.prepared_key.verify(sig, msg, _PSS, _SHA256)
        except InvalidSignature:
            return False
        return True
