"""DPoP proofs at the token endpoint and at /userinfo (RFC 9449 sections 4.3, 8 and 9)."""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from auth0_devtenant import jwt
from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.state import Json, Tenant

ALGORITHMS: Final = ("ES256",)
"""`dpop_signing_alg_values_supported` of Auth0's discovery document."""

_MAX_AGE: Final = 300
_LEEWAY: Final = 30
_NONCE_LIFETIME: Final = 300  # unverified, as are the two above
_MAX_JTI: Final = 256
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class InvalidProofError(Exception):
    """A proof that is not accepted; the text says why (Auth0's words are unverified)."""


class NonceRequiredError(Exception):
    """The proof needs a nonce of this tenant, and has none or an old one (RFC 9449 section 8)."""


@dataclass(frozen=True, slots=True)
class _Proof:
    claims: Json
    thumbprint: str


def verify_proof(
    request: Request, url: str, *, access_token: str | None = None, nonce_required: bool = False
) -> str | None:
    """Return the thumbprint (RFC 7638) of the key of a request's proof; None for a request without a proof.

    `url` is that of the request. At a protected resource the proof is for the `access_token`. Raises
    `InvalidProofError` and `NonceRequiredError`.
    """
    sent = request.headers.getlist("DPoP")
    if not sent:
        return None
    if len(sent) > 1:
        raise InvalidProofError("There is more than one DPoP header.")
    tenant, proof = tenant_of(request), _signed_proof(sent[0])
    _require_target(proof.claims, request.method, url)
    if access_token is not None and proof.claims.get("ath") != _hash(access_token):
        raise InvalidProofError("The proof is not for this access token.")
    with_nonce = _require_nonce(tenant, proof.claims, required=nonce_required)
    _require_time(tenant, proof.claims, with_nonce=with_nonce)
    _use_once(tenant, proof)
    return proof.thumbprint


def current_nonce(tenant: Tenant) -> str:
    """Return the nonce for proofs of the next minutes; a nonce can be used for several proofs."""
    return _nonce(tenant, int(tenant.now()) // _NONCE_LIFETIME)


def _signed_proof(text: str) -> _Proof:
    """Return a proof whose key has signed it."""
    if not _COMPACT.fullmatch(text):
        raise InvalidProofError("The DPoP header is not one JWT.")
    try:
        decoded = jwt.decode(text)
    except jwt.InvalidTokenError:
        raise InvalidProofError("The DPoP header is not one JWT.") from None
    if decoded.header.get("typ") != "dpop+jwt":
        raise InvalidProofError("The typ of the proof is not dpop+jwt.")
    if decoded.header.get("alg") not in ALGORITHMS:
        raise InvalidProofError("The alg of the proof is not ES256.")
    jwk = decoded.header.get("jwk")
    if not isinstance(jwk, dict) or "d" in jwk:
        raise InvalidProofError("The proof has no public key as its jwk.")
    key = _public_key(jwk)
    if len(decoded.signature) != 64:
        raise InvalidProofError("The signature of the proof is wrong.")
    r, s = (int.from_bytes(half) for half in (decoded.signature[:32], decoded.signature[32:]))
    try:
        key.verify(encode_dss_signature(r, s), decoded.signing_input, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise InvalidProofError("The signature of the proof is wrong.") from None
    return _Proof(decoded.claims, _thumbprint(jwk))


def _public_key(jwk: Json) -> ec.EllipticCurvePublicKey:
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise InvalidProofError("The jwk of the proof is not a P-256 key.")
    try:
        x, y = (int.from_bytes(jwt.from_base64url(str(jwk.get(name)))) for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (ValueError, jwt.InvalidTokenError):
        raise InvalidProofError("The jwk of the proof is not a P-256 key.") from None


def _thumbprint(jwk: Json) -> str:
    """Return the SHA-256 thumbprint of a P-256 key (RFC 7638 section 3)."""
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return _hash(text)


def _require_target(claims: Json, method: str, url: str) -> None:
    if claims.get("htm") != method:
        raise InvalidProofError("The htm of the proof is not the method of the request.")
    if _without_query(str(claims.get("htu"))) != _without_query(url):
        raise InvalidProofError("The htu of the proof is not the URL of the request.")


def _without_query(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", "", "")
    return parts.scheme, parts.netloc.lower(), parts.path


def _require_nonce(tenant: Tenant, claims: Json, *, required: bool) -> bool:
    """Return whether the proof has a nonce of this tenant, the current one or the one before."""
    sent = claims.get("nonce")
    if sent is None and not required:
        return False
    slot = int(tenant.now()) // _NONCE_LIFETIME
    if sent not in {_nonce(tenant, slot), _nonce(tenant, slot - 1)}:
        raise NonceRequiredError
    return True


def _nonce(tenant: Tenant, slot: int) -> str:
    return jwt.base64url(hmac.digest(tenant.nonce_key, str(slot).encode(), sha256)[:18])


def _require_time(tenant: Tenant, claims: Json, *, with_nonce: bool) -> None:
    """Require an `iat` of now; a nonce says the time better than the client's clock does (section 4.3, item 11)."""
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise InvalidProofError("The proof has no iat.")
    if not with_nonce and not -_MAX_AGE <= issued_at - tenant.now() <= _LEEWAY:
        raise InvalidProofError("The iat of the proof is too old, or in the future.")


def _use_once(tenant: Tenant, proof: _Proof) -> None:
    """Refuse a proof that was used before (section 11.1); whether Auth0 does is unverified."""
    jti, now = proof.claims.get("jti"), tenant.now()
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise InvalidProofError("The proof has no jti.")
    used = {key: until for key, until in tenant.state.used_proofs.items() if until > now}
    tenant.state.used_proofs = used
    key = f"{proof.thumbprint}:{jti}"
    if key in used:
        raise InvalidProofError("The proof was used before.")
    used[key] = now + 2 * _NONCE_LIFETIME + _LEEWAY


def _hash(text: str) -> str:
    return jwt.base64url(sha256(text.encode("utf-8", "replace")).digest())
