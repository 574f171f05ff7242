"""JWK Sets as text (RFC 7517), with joserfc and the standard library as second opinions."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, RSAKey

from auth0_sso.tokens import strict_json
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.strict_json import StrictJsonError

# A fixed set, so that a corpus has the same meaning in each run: the modulus has 2048 bits and is no one's key.
_RSA = {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "e": "AQAB", "n": "u" * 341 + "w"}
_EC = {  # RFC 7517 appendix A.1
    "kty": "EC",
    "kid": "ec",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "key_ops": ["verify"],
}
_DOCUMENTS: tuple[object, ...] = (
    {"keys": [_RSA]},
    {"keys": [_EC, _RSA | {"alg": "PS256", "x5c": ["MII"]}]},
    {"keys": [{name: _RSA[name] for name in ("kty", "kid", "n", "e")}, _EC | {"use": "enc"}, None]},
    {"keys": [_RSA, _RSA, _EC | {"d": "AA"}]},
    {"keys": []},
    [],
)
SEEDS = tuple(json.dumps(document).encode() for document in _DOCUMENTS)


def check(data: bytes) -> None:
    """Each usable key is in the document as one entry, which joserfc reads as the same public key."""
    try:
        document = strict_json.loads_around_faults(data)
        keys = JwkSet.parse(document, SUPPORTED_ALGORITHMS)
    except StrictJsonError as error:
        assert error.fault.isidentifier()
        return
    except ValueError as error:
        assert str(error) in {"not a JWK Set", "no usable key in the JWK Set"}
        return
    again = JwkSet.parse(json.loads(json.dumps(keys.document)), SUPPORTED_ALGORITHMS)
    assert (again.keys, again.dropped) == (keys.keys, ())
    entries = [entry for entry in json.loads(data)["keys"] if isinstance(entry, dict)]
    for key in keys.keys.values():
        _require_same_key(key, [entry for entry in entries if entry.get("kid") == key.key_id])


def _require_same_key(key: VerificationKey, entries: list[dict[str, Any]]) -> None:
    assert any(_is_usable(entry, key.algorithm) for entry in entries if _members(entry) == key.members)
    if key.members[0] == "EC":
        ECKey.import_key({"kty": "EC", **dict(zip(("crv", "x", "y"), key.members[1:], strict=True))})
        return
    modulus, exponent = key.members[1:]
    other = RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent}).public_key
    assert isinstance(other, rsa.RSAPublicKey)
    assert 2048 <= other.key_size <= 8192
    assert other.public_numbers().e.bit_length() <= 64


def _is_usable(entry: dict[str, Any], algorithm: str) -> bool:
    is_public = entry.keys().isdisjoint({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    is_for_signatures = entry.get("use", "sig") == "sig" and "verify" in entry.get("key_ops", ["verify"])
    return is_public and is_for_signatures and bool(entry.get("alg", algorithm) == algorithm)


def _members(entry: dict[str, Any]) -> tuple[object, ...]:
    names = ("kty", "n", "e") if entry.get("kty") == "RSA" else ("kty", "crv", "x", "y")
    return tuple(entry.get(name) for name in names)
