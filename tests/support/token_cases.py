"""Tables of tokens: the hostile ones are `auth0_sso.testing.hostile`, the others `accepted_tokens`.

They run in-process and over HTTP.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from auth0_sso.clock import WallTime
from auth0_sso.errors import CallerError, InvalidTokenError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile.cases import LEEWAY, Authorization, Build, Refused
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, public_ec_jwk, public_jwk
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.verifier import TokenVerifier

NOW = WallTime(1_800_000_000)
SECOND_AUDIENCE = "urn:example:second-api"
POLICY = TokenPolicy(ISSUER, frozenset({AUDIENCE, SECOND_AUDIENCE}), leeway=LEEWAY)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that must pass, and what its `AccessToken` must say."""

    id: str
    build: Build
    says: Mapping[str, object] = field(default_factory=dict)


_MALFORMED_CNF = {"bound-to-nothing", "bound-by-null", "bound-to-two", "bound-to-no-thumbprint"}
_CHALLENGES: Mapping[str, tuple[str, ...]] = {
    "off": ("Bearer",),
    "allowed": ("Bearer", "DPoP"),
    "required": ("DPoP",),
}
"""The schemes that challenges offer, by AUTH0_DPOP."""


def refused_with(case: Refused, dpop: str) -> Refused:
    """Return what a case comes to: while DPoP is on, its scheme and the members of `cnf` are read."""
    if dpop == "off":
        return case
    if case.id == "dpop-scheme":
        reason = "dpop_required" if dpop == "required" else "dpop_unbound"
        return replace(case, reason=reason, error="invalid_token")
    return replace(case, reason="cnf_invalid") if case.id in _MALFORMED_CNF else case


def challenge_of(described: str, dpop: str, authorization: Authorization) -> str:
    """Return the whole challenge (RFC 9449 section 7.1), with the error in the schemes that were used."""
    used = {"Bearer", "DPoP"} if len(authorization) > 1 else {"Bearer"}
    if b"".join(authorization).startswith(b"DPoP") and dpop != "off":
        used = {"DPoP"}
    if used.isdisjoint(_CHALLENGES[dpop]):
        used = set(_CHALLENGES[dpop])
    challenges: list[str] = []
    for scheme in _CHALLENGES[dpop]:
        parameters = [
            *filter(None, [described if scheme in used else "", 'algs="ES256"' if scheme == "DPoP" else ""])
        ]
        challenges.append(f"{scheme} {', '.join(parameters)}".strip())
    return ", ".join(challenges)


def key_document(issuer: Issuer) -> dict[str, list[dict[str, object]]]:
    """Return a JWK Set with one key for each algorithm there is."""
    algorithms = {"key-0": "RS256", "key-1": "RS512", "key-2": "PS256", "key-3": "RS384"}
    keys = [public_jwk(issuer.keys[kid], kid, alg=algorithm) for kid, algorithm in algorithms.items()]
    return {"keys": [*keys, public_ec_jwk(issuer.ec_key, "key-ec")]}


class KeysAtHand:
    """A `KeySource` of one set, which notes when it is asked for a key the set lacks; then `fetched` arrives."""

    def __init__(self, current: JwkSet | None) -> None:
        self.current = current
        self.fetched: JwkSet | None = None
        self.asked: list[tuple[str, str]] = []

    @classmethod
    def of(cls, issuer: Issuer) -> "KeysAtHand":
        return cls(JwkSet.parse(key_document(issuer), SUPPORTED_ALGORITHMS))

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        self.asked.append((key_id, algorithm))
        self.current = self.fetched or self.current
        key = None if self.current is None else self.current.find(key_id, algorithm)
        if key is not None:
            return key
        raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")


async def decide(keys: KeysAtHand, authorization: Authorization) -> AccessToken:
    """Take a request all the way, as the service does, at the time the cases are made for."""
    verifier = TokenVerifier(keys, POLICY, algorithms=SUPPORTED_ALGORITHMS, cache_size=8, clock=HandClock(NOW))
    return await verifier.verify(read_bearer_token(authorization))


def verdict(keys: KeysAtHand, authorization: Authorization) -> AccessToken | CallerError:
    """Return what a request comes to; an error of any other kind is the test's failure."""
    try:
        return asyncio.run(decide(keys, authorization))
    except CallerError as error:
        return error
