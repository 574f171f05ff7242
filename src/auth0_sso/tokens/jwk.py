"""RFC 7517: a JWK Set is parsed once, each usable key is built once, and one is found by its `kid`.

Given a whole set, or a dict, python-jose would ignore kid, use, key_ops and alg, and build the key again for every
token. So it gets one key, built in advance for a single algorithm.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from jose import jwk as jose_jwk
from jose.backends import ECKey, RSAKey
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyECKey, CryptographyRSAKey

from auth0_sso.tokens import base64url
from auth0_sso.tokens.pss import PssKey
from auth0_sso.tokens.strict_json import Unreadable

# Without its `cryptography` extra python-jose silently uses slow pure-Python backends.
if RSAKey is not CryptographyRSAKey or ECKey is not CryptographyECKey:  # pragma: no cover - an install fault
    raise ImportError("install python-jose[cryptography]: python-jose runs on a pure-Python backend here")

SUPPORTED_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256")
"""The supported signing algorithms (RFC 7518 section 3.1); Auth0 offers RS256, RS512 and PS256 for APIs."""

MAX_KID_LENGTH = 255
"""MAX length of a `kid`, in characters."""

_MAX_ENTRIES = 100  # each costs up to four keys to build, of 50 microseconds; Auth0 publishes two or three
_MAX_MEMBER_LENGTH = 1400  # characters, a few more than the 1,366 of 8192 bits: longer ones are not parsed

_MEMBERS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_CURVE = "P-256"
_RSA_BITS = range(2048, 8192 + 1)  # RFC 7518 section 3.3 asks for 2048; above 8192 bits verification is too slow
_MAX_EXPONENT_BITS = 64

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""What no public key has (RFC 7518 section 6)."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key, bound to the one algorithm it verifies."""

    key_id: str
    algorithm: str
    members: tuple[str, ...] = field(repr=False)
    """The JWK's members of the public key: two keys are equal when these are."""
    _key: Key = field(repr=False, compare=False)

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Return whether `signature` of `signing_input` is valid; False for a malformed one, never an error."""
        try:
            return bool(self._key.verify(signing_input, signature))
        except Exception:  # noqa: BLE001 - the backends raise undocumented errors, and a malformed token must not be a 5xx
            return False


@dataclass(frozen=True, slots=True)
class JwkSet:
    """The keys of one JWK Set that can verify access tokens, by kid and algorithm."""

    keys: Mapping[tuple[str, str], VerificationKey]
    dropped: tuple[str, ...]
    """The reason why each unusable entry was left out, for the log."""

    @classmethod
    def parse(cls, document: object, algorithms: Collection[str]) -> "JwkSet":
        """Parse a JWK Set (RFC 7517 section 5), without unusable keys and without entries after the 100th.

        Raises `ValueError` if it is not a JWK Set, or has no usable key.
        """
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise ValueError("not a JWK Set")
        keys: dict[tuple[str, str], VerificationKey] = {}
        ambiguous: set[tuple[str, str]] = set()
        dropped: list[str] = []
        for entry in entries[:_MAX_ENTRIES]:
            try:
                for key in _verification_keys(entry, algorithms):
                    name = (key.key_id, key.algorithm)
                    ambiguous.update({name} & keys.keys())
                    keys[name] = key
            except ValueError as error:
                dropped.append(str(error))
        for name in ambiguous:
            del keys[name]
            dropped.append("two keys share one kid")
        if len(entries) > _MAX_ENTRIES:
            dropped.append(f"{len(entries) - _MAX_ENTRIES} entries after the first {_MAX_ENTRIES} are not read")
        if not keys:
            raise ValueError("no usable key in the JWK Set")
        return cls(keys, tuple(dropped))

    @property
    def document(self) -> dict[str, object]:
        """The JWK Set as JSON, with the members of its usable keys only: `parse` returns an equal set."""
        return {
            "keys": [
                {
                    "kid": key.key_id,
                    "alg": key.algorithm,
                    **dict(zip(_MEMBERS[key.members[0]], key.members, strict=True)),
                }
                for key in self.keys.values()
            ]
        }

    def find(self, key_id: str, algorithm: str) -> VerificationKey | None:
        """Return the one key of that kid and algorithm, or None."""
        return self.keys.get((key_id, algorithm))

    def holds(self, key: VerificationKey) -> bool:
        """Return whether this set contains that key object (identity, not equality)."""
        return self.keys.get((key.key_id, key.algorithm)) is key


def embedded_key(entry: dict[str, object], algorithm: str) -> VerificationKey:
    """Return the public key that the header of a JWS holds itself (RFC 7515 section 4.1.3), which needs no kid.

    Raises `ValueError` for one that shows private parts, or is not for signatures by `algorithm`.
    """
    _require_public_signing_key(entry)
    if not _fits(algorithm, entry):
        raise ValueError("of another kty, crv or alg than its algorithm")
    members = _members(entry)
    return VerificationKey("", algorithm, tuple(members.values()), _built(members, algorithm))


def _verification_keys(entry: object, algorithms: Collection[str]) -> Iterator[VerificationKey]:
    """Yield the key of a JWK for each algorithm it can be used with; raise `ValueError` if there is none."""
    if isinstance(entry, Unreadable):
        raise ValueError(f"not valid JSON: {entry.fault}")
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    kid = _key_id(entry)
    _require_public_signing_key(entry)
    fitting = [name for name in algorithms if _fits(name, entry)]
    if not fitting:
        raise ValueError("of another kty, crv or alg than the tokens accepted here")
    for algorithm in fitting:
        members = _members(entry)
        yield VerificationKey(kid, algorithm, tuple(members.values()), _built(members, algorithm))


def _key_id(entry: dict[str, object]) -> str:
    kid = entry.get("kid")
    # A lone surrogate cannot be serialized, and no token can contain it.
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH or not _is_encodable(kid):
        raise ValueError(f"its kid is not a text of 1 to {MAX_KID_LENGTH} characters")
    return kid


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _require_public_signing_key(entry: dict[str, object]) -> None:
    """RFC 7517 sections 4.2, 4.3 and 9.2."""
    if entry.get("use", "sig") != "sig":
        raise ValueError("its use is not sig")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("its key_ops lack verify")
    if not PRIVATE_MEMBERS.isdisjoint(entry):
        raise ValueError("it shows private parts")


def _fits(algorithm: str, entry: dict[str, object]) -> bool:
    if entry.get("alg", algorithm) != algorithm:
        return False
    if algorithm[:2] in {"RS", "PS"}:
        return entry.get("kty") == "RSA"
    return entry.get("kty") == "EC" and entry.get("crv") == _CURVE


def _members(entry: dict[str, object]) -> dict[str, str]:
    """Return the members of the public key, each of which must be a string."""
    names = _MEMBERS["RSA"] if entry["kty"] == "RSA" else _MEMBERS["EC"]
    members = {name: value for name in names if isinstance(value := entry.get(name), str) and value}
    if len(members) != len(names):
        raise ValueError(f"one of {', '.join(names)} is missing or not a string")
    if any(len(value) > _MAX_MEMBER_LENGTH for value in members.values()):
        raise ValueError(f"one of {', '.join(names)} is too long")
    return members


def _built(members: dict[str, str], algorithm: str) -> Key:
    try:
        for number in tuple(members.values())[-2:]:  # python-jose skips what is not base64url
            base64url.decode(number.encode())
        key = PssKey(members) if algorithm == "PS256" else jose_jwk.construct(members, algorithm)
    except Exception:  # noqa: BLE001 - python-jose raises TypeError, UnicodeError, struct.error for malformed members
        raise ValueError("its numbers cannot be read") from None
    if members["kty"] == "RSA":
        _require_strong(key)
    return key


def _require_strong(key: Key) -> None:
    numbers = key.prepared_key.public_numbers()
    if numbers.n.bit_length() not in _RSA_BITS:
        raise ValueError(f"its modulus is not {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits long")
    if numbers.e.bit_length() > _MAX_EXPONENT_BITS:  # cryptography itself rejects 1 and even exponents
        raise ValueError(f"its exponent is longer than {_MAX_EXPONENT_BITS} bits")
