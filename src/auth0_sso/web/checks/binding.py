"""Whether the sender of a bound token has what it is bound to: a key (RFC 9449), or a client certificate (RFC 8705).

The token's `cnf` chooses the check, never the scheme: Auth0 sends tokens for mutual TLS with the scheme DPoP.
"""

import hmac
from typing import Final, NamedTuple

from starlette.types import Scope

from auth0_sso.clock import WallTime
from auth0_sso.errors import (
    InvalidDPoPProofError,
    InvalidTokenError,
    StoreUnavailableError,
    UseDPoPNonceError,
)
from auth0_sso.replay.cache import proof_name
from auth0_sso.tokens.bearer import Scheme
from auth0_sso.tokens.claims import AccessToken, Confirmation, sender_constrained
from auth0_sso.tokens.client_certificate import certificate_thumbprint
from auth0_sso.tokens.dpop.nonce import NonceSource
from auth0_sso.tokens.dpop.proof import Proof, ProvenRequest, verify_proof
from auth0_sso.web.checks.peers import is_from_trusted_proxy
from auth0_sso.web.checks.request_target import target_of
from auth0_sso.web.services.bound_tokens import BoundTokens, CertificateHeader

Headers = list[tuple[bytes, bytes]]
"""Headers as ASGI has them."""

_PROVEN: Final = "auth0_sso.proven"
_NONCE_GIVEN: Final = "auth0_sso.nonce_given"


class SentToken(NamedTuple):
    """An access token as it was sent."""

    scheme: Scheme
    text: str


async def require_binding(
    scope: Scope, bound: BoundTokens, token: AccessToken, sent: SentToken, headers: Headers
) -> None:
    """Pass a token that its sender may use; the nonce for the next proof is added to `headers`.

    It is for a token that is bound, or was sent with the scheme DPoP, or comes where bound ones are required: any
    other is refused. Raises `InvalidTokenError` for a token that is bound otherwise than it was sent,
    `InvalidDPoPProofError`, and `StoreUnavailableError` where it cannot be said whether a proof was used already.
    """
    try:
        await _require(scope, bound, token, sent, headers)
    except (InvalidTokenError, InvalidDPoPProofError) as error:
        error.client_id = token.client_id
        raise


async def _require(scope: Scope, bound: BoundTokens, token: AccessToken, sent: SentToken, headers: Headers) -> None:
    confirmation = token.confirmation
    if confirmation is None:
        raise _unbound(bound)
    if confirmation.method == "x5t#S256":
        _require_certificate(scope, bound.certificates, confirmation)
    elif sent.scheme != "DPoP":  # RFC 9449 section 7.2: a stolen one would be accepted without the key
        raise sender_constrained()
    else:
        await _require_proof(scope, bound, confirmation, sent.text, headers)


def require_dpop_bound(token: AccessToken) -> None:
    """Raise `InvalidTokenError` for a verified token that is not bound to a key."""
    if token.confirmation is None or token.confirmation.method != "jkt":
        raise dpop_required()


def dpop_required() -> InvalidTokenError:
    """Return the error for a token that is not bound to a key, where only such tokens pass."""
    error = InvalidTokenError("dpop_required", "This needs an access token that is bound to a key (DPoP).")
    error.needs_dpop = True
    return error


def _unbound(bound: BoundTokens) -> InvalidTokenError:
    if bound.is_required:
        return dpop_required()
    return InvalidTokenError(
        "dpop_unbound", "This token is not bound to a key: send it with the Bearer scheme, or request a bound one."
    )


def _require_certificate(scope: Scope, header: CertificateHeader | None, confirmation: Confirmation) -> None:
    """RFC 8705 section 3: the certificate of the TLS connection, which only a trusted proxy can name."""
    found = None
    if header is not None and is_from_trusted_proxy(scope):
        values = [value for name, value in scope["headers"] if name == header.name]
        found = certificate_thumbprint(values, header.form)
    if found is None:
        raise InvalidTokenError(
            "certificate_missing", "This token is bound to a client certificate, and none came with the request."
        )
    if not hmac.compare_digest(found, confirmation.thumbprint):
        raise InvalidTokenError("certificate_mismatch", "This token is bound to another client certificate.")


async def _require_proof(
    scope: Scope, bound: BoundTokens, confirmation: Confirmation, text: str, headers: Headers
) -> None:
    """The replay cache comes last: a proof that is refused for another reason is not used up."""
    target, now = _target(scope, bound.public_url), bound.clock.wall()
    request = ProvenRequest(scope.get("method", "GET"), target, text, confirmation.thumbprint)
    values = [value for name, value in scope["headers"] if name == b"dpop"]
    proof = verify_proof(values, request, bound.proofs, now)
    if bound.nonces is not None:
        headers += _nonce_headers(scope, bound.nonces.current(now))
        _require_nonce(bound.nonces, proof, now)
    lifetime = proof.issued_at + bound.proofs.max_age - now + 1
    await _require_first_use(scope, bound, proof_name(confirmation.thumbprint, target, proof.jti), lifetime)


def _target(scope: Scope, public_url: str) -> str:
    try:
        return target_of(scope, public_url)
    except ValueError:
        raise InvalidDPoPProofError(
            "dpop_target_unknown", "The DPoP proof is refused. The URI of this request cannot be compared with it."
        ) from None


def _nonce_headers(scope: Scope, nonce: str) -> Headers:
    """RFC 9449 sections 8 and 9: each answer has one nonce for the client's next proof, and none is cached.

    The scope remembers that it has: two guards, one around the other, add to one answer.
    """
    if scope.get(_NONCE_GIVEN):
        return []
    scope[_NONCE_GIVEN] = True
    return [(b"dpop-nonce", nonce.encode()), (b"cache-control", b"no-store")]


def _require_nonce(nonces: NonceSource, proof: Proof, now: WallTime) -> None:
    if proof.nonce is None:
        raise UseDPoPNonceError("dpop_nonce_missing", nonces.current(now))
    if not nonces.accepts(proof.nonce, now):
        raise UseDPoPNonceError("dpop_nonce_expired", nonces.current(now))


async def _require_first_use(scope: Scope, bound: BoundTokens, name: bytes, lifetime: float) -> None:
    """Refuse a replay (RFC 9449 section 11.1).

    The scope remembers the proof of this very request, which two guards check, one around the other.
    """
    if scope.get(_PROVEN) == name:
        return
    try:
        is_first = await bound.replays.add(name, lifetime)
    except StoreUnavailableError as error:
        error.detail = "DPoP proofs cannot be checked now."
        raise
    if not is_first:
        raise InvalidDPoPProofError("dpop_replayed", "The DPoP proof is refused. It was used already.")
    scope[_PROVEN] = name
