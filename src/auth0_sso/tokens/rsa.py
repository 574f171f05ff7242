"""RFC 7518 sections 3.3 and 3.5: python-jose's RSA key, with the padding and the hash of its algorithm built once.

Its own `verify` builds both again for each token and asks the key twice whether it is public, which is 5 % of a
verification; and it does not know RSASSA-PSS.
"""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from jose.backends.cryptography_backend import CryptographyRSAKey

_SHA256 = hashes.SHA256()
_PKCS1 = padding.PKCS1v15()
# "The size of the salt value is the same size as the hash function output", and MGF1 uses the same hash.
_PSS = padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size)

_SCHEMES: dict[str, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]] = {
    "RS256": (_PKCS1, _SHA256),
    "RS384": (_PKCS1, hashes.SHA384()),
    "RS512": (_PKCS1, hashes.SHA512()),
    "PS256": (_PSS, _SHA256),
}


class RsaKey(CryptographyRSAKey):  # type: ignore[misc]  # python-jose publishes no types
    """An RSA public key that verifies signatures of one algorithm."""

    def __init__(self, key: Mapping[str, str], algorithm: str) -> None:
        """Take the members of an RSA JWK, and RS256, RS384, RS512 or PS256."""
        super().__init__(key, "RS256")  # python-jose only reads the members: which algorithm makes no difference
        self._padding, self._hash = _SCHEMES[algorithm]

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Return whether `sig` is this key's signature of `msg`."""
        try:
            self.prepared_key.verify(sig, msg, self._padding, self._hash)
        except InvalidSignature:
            return False
        return True
