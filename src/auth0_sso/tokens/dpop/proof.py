"""A DPoP proof: every check of RFC 9449 section 4.3, but for the nonce and replays, which need more than the proof.

The checks that cost least come first. The key in the proof is compared with the token's binding before anything is
computed with it: only the holder of a token that is bound to a key can make us verify a signature with that key.
"""

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidDPoPProofError, InvalidTokenError
from auth0_sso.tokens import jws
from auth0_sso.tokens.dpop.target import normalized
from auth0_sso.tokens.jwk import PRIVATE_MEMBERS, VerificationKey, embedded_key
from auth0_sso.tokens.thumbprint import base64url, thumbprint

DPOP_ALGORITHMS: Final = ("ES256",)
"""What Auth0 binds tokens to (`dpop_signing_alg_values_supported`)."""

MAX_PROOF_BYTES: Final = 8192
_TYPE: Final = "dpop+jwt"
_MAX_JTI: Final = 256
_MAX_NONCE: Final = 256
# The parameters that would change how a JWS is read (RFC 7515 section 4.1.11, RFC 7797, RFC 7516); nothing is nested.
_UNSUPPORTED: Final = ("crit", "b64", "cty", "zip", "enc")
_KEY_MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e", "use", "alg")


@dataclass(frozen=True, slots=True)
class ProofPolicy:
    """Which proofs are accepted. Times are in seconds, and both are for clocks that differ too."""

    algorithms: tuple[str, ...] = DPOP_ALGORITHMS
    max_age: float = 300
    max_ahead: float = 30


@dataclass(frozen=True, slots=True)
class ProvenRequest:
    """What a proof has to be for: a request, with the access token that came with it."""

    method: str
    target: str
    """Its URI, normalized."""
    token: str
    """The access token as it was sent."""
    thumbprint: str
    """Of the key that the token is bound to: `cnf.jkt`."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that fits its request. It may still be a replay."""

    jti: str
    issued_at: float
    nonce: str | None


def verify_proof(values: Sequence[bytes], request: ProvenRequest, policy: ProofPolicy, now: WallTime) -> Proof:
    """Return the proof of a request; `values` are those of all its DPoP headers.

    Raises `InvalidDPoPProofError` (RFC 9449 section 7.1).
    """
    text = _only(values)
    signing_input, header, claims, signature = _parsed(text)
    algorithm, jwk = _read_header(header, policy.algorithms)
    _require_binding(jwk, request.thumbprint)
    key = _key(algorithm, *_public_members(jwk))
    if not key.verifies(signing_input, signature):
        raise _invalid_proof("signature_mismatch", "Its signature is wrong.")
    _require_request(claims, request)
    return Proof(_jti(claims), _issued_at(claims, policy, now), _nonce(claims))


def _only(values: Sequence[bytes]) -> bytes:
    if not values:
        raise _invalid_proof("missing", "The access token is bound to a key: send a DPoP proof with it.")
    if len(values) > 1:
        raise _invalid_proof("repeated", "There is more than one DPoP header.")
    if len(values[0]) > MAX_PROOF_BYTES:
        raise _invalid_proof("too_long", "It is too long.")
    return values[0]


def _parsed(text: bytes) -> tuple[bytes, Mapping[str, object], Mapping[str, object], bytes]:
    if text.count(b".") != 2:
        raise _invalid_proof("malformed", "It is not a signed JWT.")
    signing_input, _, signature = text.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    try:
        return (
            signing_input,
            jws.json_object(header, "header"),
            jws.json_object(payload, "payload"),
            jws.decode(signature, "signature"),
        )
    except InvalidTokenError as error:  # in words for the token
        raise _invalid_proof(error.reason, "It is malformed.") from None


def _read_header(header: Mapping[str, object], algorithms: Collection[str]) -> tuple[str, Mapping[str, object]]:
    typ, algorithm, jwk = header.get("typ"), header.get("alg"), header.get("jwk")
    if not isinstance(typ, str) or typ.lower() not in {_TYPE, f"application/{_TYPE}"}:
        raise _invalid_proof("typ_not_allowed", f"Its typ is not {_TYPE}.")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _invalid_proof("alg_not_allowed", f"Its alg is not {' or '.join(algorithms)}.")
    for name in _UNSUPPORTED:
        if name in header:
            raise _invalid_proof(f"{name}_unsupported", f"Its header has a {name} parameter.")
    if not isinstance(jwk, Mapping):
        raise _invalid_proof("jwk_missing" if jwk is None else "jwk_invalid", "Its header has no public key.")
    return algorithm, jwk


def _require_binding(jwk: Mapping[str, object], expected: str) -> None:
    try:
        found = thumbprint(jwk)
    except ValueError:
        raise _invalid_proof("jwk_invalid", "Its key cannot be read.") from None
    if not hmac.compare_digest(found.encode(), expected.encode("utf-8", "replace")):
        raise _invalid_proof("jkt_mismatch", "The access token is bound to another key.")


def _public_members(jwk: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what the key is made of, for a cache; other members have no meaning here (RFC 7517 section 4).

    A page that exports its key by the Web Cryptography API sends `ext` and `key_ops` too.
    """
    members = [(name, jwk[name]) for name in _KEY_MEMBERS if name in jwk]
    known = tuple((name, value) for name, value in members if isinstance(value, str))
    if len(known) < len(members) or not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _invalid_proof("jwk_invalid", "Its key cannot be used.")
    return known


@lru_cache(maxsize=1024)  # a client signs all its proofs with one key, which takes as long to build as to verify with
def _key(algorithm: str, *members: tuple[str, str]) -> VerificationKey:
    try:
        return embedded_key(dict(members), algorithm)
    except ValueError:
        raise _invalid_proof("jwk_invalid", "Its key cannot be used.") from None


def _require_request(claims: Mapping[str, object], request: ProvenRequest) -> None:
    if _text(claims, "htm", 64) != request.method:
        raise _invalid_proof("htm_mismatch", "It is for another method.")
    try:
        target = normalized(_text(claims, "htu", 8192))
    except ValueError:
        raise _invalid_proof("htu_invalid", "Its htu is not a URI.") from None
    if target != request.target:
        raise _invalid_proof("htu_mismatch", "It is for another URI.")
    expected = base64url(sha256(request.token.encode("ascii", "replace")).digest())
    if not hmac.compare_digest(_text(claims, "ath", 64).encode("utf-8", "replace"), expected.encode()):
        raise _invalid_proof("ath_mismatch", "It is for another access token.")


def _issued_at(claims: Mapping[str, object], policy: ProofPolicy, now: WallTime) -> float:
    issued_at = claims.get("iat")
    if issued_at is None:
        raise _invalid_proof("iat_missing", "Its iat is missing.")
    if type(issued_at) is not int and type(issued_at) is not float:
        raise _invalid_proof("iat_invalid", "Its iat is malformed.")
    if issued_at + policy.max_age <= now:
        raise _invalid_proof("too_old", "It was made too long ago: check the clocks.")
    if issued_at - policy.max_ahead > now:
        raise _invalid_proof("iat_in_future", "It was made in the future: check the clocks.")
    return issued_at


def _jti(claims: Mapping[str, object]) -> str:
    return _text(claims, "jti", _MAX_JTI)


def _nonce(claims: Mapping[str, object]) -> str | None:
    return None if "nonce" not in claims else _text(claims, "nonce", _MAX_NONCE)


def _text(claims: Mapping[str, object], name: str, max_length: int) -> str:
    value = claims.get(name)
    if value is None:
        raise _invalid_proof(f"{name}_missing", f"Its {name} is missing.")
    if not isinstance(value, str) or not 0 < len(value) <= max_length:
        raise _invalid_proof(f"{name}_invalid", f"Its {name} is malformed.")
    return value


def _invalid_proof(fault: str, detail: str) -> InvalidDPoPProofError:
    return InvalidDPoPProofError(f"dpop_{fault}", f"The DPoP proof is refused. {detail}")
