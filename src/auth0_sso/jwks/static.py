"""A JWK Set that is given instead of fetched, for tests and for networks without a way to the issuer."""

import json
from pathlib import Path

from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey


class StaticKeys:
    """A `KeySource` of keys that never change: nothing is fetched."""

    def __init__(self, document: object) -> None:
        """Take a JWK Set (RFC 7517 section 5) as JSON gives it: a dict with `keys`.

        Raises `ValueError` when it is no JWK Set, or when no key in it is usable.
        """
        self.current = JwkSet.parse(document, SUPPORTED_ALGORITHMS)

    @classmethod
    def from_file(cls, path: Path) -> "StaticKeys":
        """Return the keys of a JSON file; raises `OSError`, and `ValueError` as the constructor does."""
        return cls(json.loads(path.read_bytes()))

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the key of that kid and algorithm; raise `InvalidTokenError` when there is none."""
        key = self.current.find(key_id, algorithm)
        if key is None:
            raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")
        return key
