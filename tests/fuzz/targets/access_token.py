"""Whole tokens, signed or not: what passes the verifier has a valid signature and acceptable claims.

An input is a header, a payload and a choice of signature, separated by NUL: the payload can be anything and still be
signed, so that the claims are reached.
"""

import json
from base64 import urlsafe_b64decode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwt import JWTClaimsRegistry

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, base64url, public_ec_jwk, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.verifier import TokenVerifier
from fuzz.targets.refusals import require_documented

_NOW = WallTime(1_800_000_000)
_POLICY = TokenPolicy(ISSUER, frozenset({AUDIENCE}), leeway=30, max_age=1e6)
_RULES = JWTClaimsRegistry(
    now=int(_NOW),
    leeway=30,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
)
_HEADER = b'{"alg":"ES256","kid":"ec","typ":"JWT"}'
_SIGNED, _UNSIGNED = b"", b"\x00"


def _seed(payload: dict[str, Any], header: bytes = _HEADER, signature: bytes = _SIGNED) -> bytes:
    return b"\0".join([header, json.dumps(payload).encode(), signature])


SEEDS = (
    _seed(user_claims(_NOW)),
    _seed(user_claims(_NOW, nbf=_NOW - 1, aud=AUDIENCE, client_id="spa-client", org_id="org_1", amr=["mfa"])),
    _seed(user_claims(_NOW, gty="client-credentials", sub="m2m@clients", azp="m2m", scope="a b  c", jti="j")),
    _seed(user_claims(_NOW, exp=_NOW - 30, acr="x", auth_time=1.5, **{"https://example.com/r": [{"a": [None]}]})),
    _seed(user_claims(_NOW, nonce="n", cnf={"jkt": "x"})),
    _seed(user_claims(_NOW), header=b'{"alg":"RS256","kid":"ec"}'),
    _seed(user_claims(_NOW), header=b'{"kid":"ec","alg":"none"}', signature=b"\x01"),
    _seed(user_claims(_NOW), signature=_UNSIGNED),
    _seed(user_claims(_NOW), signature=b"\x02" + b"\0" * 63),
)


class _Keys:
    """A `KeySource` of one EC key."""

    def __init__(self, jwks: JwkSet) -> None:
        self.current = jwks

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        raise InvalidTokenError("kid_unknown", f"There is no key for {algorithm}." if key_id else "")


@cache
def _issuer() -> Issuer:
    return Issuer([])


@cache
def _verifier() -> TokenVerifier:
    jwks = JwkSet.parse({"keys": [public_ec_jwk(_issuer().ec_key, "ec")]}, SUPPORTED_ALGORITHMS)
    clock = HandClock(_NOW)
    return TokenVerifier(_Keys(jwks), _POLICY, algorithms=SUPPORTED_ALGORITHMS, cache_size=64, clock=clock)


def check(data: bytes) -> None:
    """An accepted token has a valid ES256 signature, joserfc accepts its claims, and the cache agrees."""
    header, _, rest = data.partition(b"\0")
    payload, _, choice = rest.partition(b"\0")
    token = _signed(f"{base64url(header)}.{base64url(payload)}", choice)
    outcome = _verified(token)
    again = _verified(token)
    if isinstance(outcome, InvalidTokenError):
        require_documented(outcome)
        assert isinstance(again, InvalidTokenError)
        assert again.reason == outcome.reason
        return
    assert outcome is again
    assert json.loads(header)["alg"] == "ES256"
    _require_signature(token)
    claims = json.loads(payload)
    assert json.dumps(claims) == json.dumps(outcome.claims)
    _RULES.validate(claims)
    assert outcome.scopes == frozenset(claims.get("scope", "").split(" ")) - {""}
    assert outcome.permissions == frozenset(claims.get("permissions", []))


def _signed(signing_input: str, choice: bytes) -> str:
    """Sign, unless the input has a signature of its own, or a change of the true one."""
    signature = _issuer().sign(signing_input, algorithm="ES256").rpartition(".")[2]
    if choice == _SIGNED:
        return f"{signing_input}.{signature}"
    if choice[:1] == _UNSIGNED:
        return f"{signing_input}.{base64url(choice[1:])}"
    if choice[:1] == b"\x01":
        return f"{signing_input}.{signature}{choice[1:].decode('latin-1')}"
    return f"{signing_input}.{choice[1:].decode('latin-1')}"


def _verified(token: str) -> AccessToken | InvalidTokenError:
    """Run the verifier without an event loop: it waits for nothing here."""
    verification = _verifier().verify(token)
    try:
        verification.send(None)
    except StopIteration as finished:
        result: AccessToken = finished.value
        return result
    except InvalidTokenError as error:
        return error
    raise AssertionError("the verifier waited for something")


def _require_signature(token: str) -> None:
    signing_input, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    assert len(raw) == 64
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    _issuer().ec_key.public_key().verify(der, signing_input.encode(), ec.ECDSA(hashes.SHA256()))
