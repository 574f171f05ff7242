"""What a table of tokens is made of: cases as data, the forge that mints them, and the keys that verify them.

The tables are `refused_tokens` and `accepted_tokens`; they run in-process and over HTTP.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auth0_sso.clock import WallTime
from auth0_sso.errors import CallerError, InvalidTokenError
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.verifier import TokenVerifier
from support.clock import HandClock
from support.issuer import AUDIENCE, ISSUER, Issuer, base64url, public_ec_jwk, public_jwk, user_claims

NOW = WallTime(1_800_000_000)
LEEWAY = 10.0
SECOND_AUDIENCE = "urn:example:second-api"
POLICY = TokenPolicy(ISSUER, frozenset({AUDIENCE, SECOND_AUDIENCE}), leeway=LEEWAY)

Authorization = Sequence[bytes]
"""The values of all Authorization headers of one request."""

Build = Callable[["Forge"], Authorization]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that must not pass, why, and how the answer says so; no `error` is a challenge without one."""

    id: str
    build: Build
    reason: str
    status: int = 401
    error: str | None = "invalid_token"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that must pass, and what its `AccessToken` must say."""

    id: str
    build: Build
    says: Mapping[str, object] = field(default_factory=dict)


class Forge:
    """Mints what a case describes, truly signed unless the case says otherwise."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    def token(self, header: Mapping[str, Any] | None = None, /, **claims: object) -> str:
        return self.issuer.token(user_claims(NOW, **claims), header=header)

    def signed(self, header: bytes, payload: bytes) -> str:
        """Sign any bytes as header and payload."""
        return self.issuer.sign(f"{base64url(header)}.{base64url(payload)}")


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


def bearer(token: str) -> list[bytes]:
    return [b"Bearer " + token.encode("latin-1")]


def line(*values: str) -> Build:
    """Send these header values, `{token}` being a good token."""
    return lambda forge: [value.replace("{token}", forge.token()).encode("latin-1") for value in values]


def claim(**claims: object) -> Build:
    """Send a good token with these claims changed, `...` taking one away."""
    return lambda forge: bearer(forge.token(**claims))


def header(**members: object) -> Build:
    """Send a good token with these members of its JOSE header changed, `...` taking one away."""
    return lambda forge: bearer(forge.token(members))


def raw_claim(name: str, text: str) -> Build:
    """Send a good token with one claim replaced by JSON text, or by what is none."""
    return lambda forge: bearer(forge.signed(good_header(), with_member(user_claims(NOW, **{name: ...}), name, text)))


def payload(text: str | bytes) -> Build:
    """Send a token with this payload under a good header and signature."""
    data = text.encode() if isinstance(text, str) else text
    return lambda forge: bearer(forge.signed(good_header(), data))


def raw_header(text: str | bytes) -> Build:
    """Send a token with this header over a good payload and a true signature."""
    data = text.encode() if isinstance(text, str) else text
    return lambda forge: bearer(forge.signed(data, json.dumps(user_claims(NOW)).encode()))


def respelled(change: Callable[[str, str, str], str]) -> Build:
    """Send a good token's three parts written in another way."""
    return lambda forge: bearer(change(*forge.token().split(".")))


def good_header(**members: object) -> bytes:
    return json.dumps({"alg": "RS256", "typ": "JWT", "kid": "key-0"} | members).encode()


def with_member(members: Mapping[str, object], name: str, text: str) -> bytes:
    """Return an object's JSON with one member appended as text."""
    return f'{json.dumps(members)[:-1]},"{name}":{text}}}'.encode()


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
