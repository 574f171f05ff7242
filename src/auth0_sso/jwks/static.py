"""A fixed JWK Set (RFC 7517 section 5): for tests, and for services that may not reach their issuer."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from auth0_sso.errors import ConfigurationError, InvalidTokenError
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.tokens import strict_json
from auth0_sso.tokens.jwk import JwkSet, VerificationKey

_log = logging.getLogger(__name__)


class StaticKeys:
    """A `KeySource` that never changes and never uses the network. Rotating a key takes a new object."""

    def __init__(
        self, jwks: Mapping[str, object] | str | bytes | Path, *, algorithms: Collection[str] = ("RS256",)
    ) -> None:
        """Take a JWK Set: parsed, as JSON text, or as the `Path` of a file, which is read now and only once.

        Keys that none of `algorithms` can use are left out and logged. Raises `ConfigurationError` for a file that
        cannot be read, and for what is not a JWK Set with at least one usable key.
        """
        try:
            document = dict(jwks) if isinstance(jwks, Mapping) else strict_json.loads(_text(jwks))
            self._keys = JwkSet.parse(document, algorithms)
        except OSError as error:
            raise ConfigurationError((f"the JWK Set cannot be read: {error.strerror}",)) from None
        except ValueError as error:
            raise ConfigurationError((f"the JWK Set cannot be used: {error}",)) from None
        for reason in self._keys.dropped:
            _log.warning("a key of the JWK Set is left out: %s", reason)

    @property
    def current(self) -> JwkSet:
        """The set."""
        return self._keys

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        """Return the key of that kid and algorithm; raise `InvalidTokenError` when the set has none."""
        key = self._keys.find(key_id, algorithm)
        if key is None:
            raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")
        return key

    @property
    def health(self) -> KeysHealth:
        """The state of the keys, which is always fresh."""
        return KeysHealth("fresh", len({kid for kid, _ in self._keys.keys}), None, 0.0, 0, None)


def _text(source: str | bytes | Path) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    return source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
