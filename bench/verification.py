"""The cost of one verification: this package compared with the minimum (the floor) and with other libraries.

Each figure is a ratio to the floor. The contenders alternate in short rounds, of which the minimum counts: what else
runs on the machine can only add to a time. A ratio within one run is meaningful, and a time is not.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from statistics import median
from typing import Any

import httpx
import jwt
from auth0_api_python import ApiClient, ApiClientOptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jose import jwt as jose_jwt
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from auth0_sso.jwks.endpoint import JwksEndpoint
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, public_jwk
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier
from local_issuer import make_issuer, make_tokens, transport_to

TOKENS, CHUNK, ROUNDS, REFRESHES = 400, 100, 160, 60

FLOOR = "floor: cryptography + base64 + json"
FIRST_SEEN = "auth0_sso, first-seen token"
REPEATED = "auth0_sso, repeated token"

Contender = Callable[[str], Awaitable[object]]


def client_of(issuer: Issuer) -> httpx.AsyncClient:
    """Return a client with responses from memory."""
    return httpx.AsyncClient(transport=transport_to(issuer, ISSUER))


def floor(public_key: rsa.RSAPublicKey) -> Contender:
    """Return the minimum: base64 three times, JSON twice, one signature check."""

    async def verify(token: str) -> object:
        head, body, signature = token.split(".")
        json.loads(urlsafe_b64decode(head + "=="))
        claims = json.loads(urlsafe_b64decode(body + "=="))
        message, raw = f"{head}.{body}".encode(), urlsafe_b64decode(signature + "==")
        public_key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
        return claims

    return verify


def python_jose(jwk: dict[str, Any]) -> Contender:
    async def verify(token: str) -> object:
        return jose_jwt.decode(token, jwk, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)

    return verify


def pyjwt(jwk: dict[str, Any]) -> Contender:
    key = jwt.PyJWK(jwk)

    async def verify(token: str) -> object:
        return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)

    return verify


def joserfc(jwk: dict[str, Any]) -> Contender:
    key = joserfc_jwk.RSAKey.import_key(jwk)
    rules = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
    )

    async def verify(token: str) -> object:
        decoded = joserfc_jwt.decode(token, key, algorithms=["RS256"])
        rules.validate(decoded.claims)
        return decoded

    return verify


def auth0_api_python(client: httpx.AsyncClient) -> Contender:
    async def fetch(url: str) -> object:
        return (await client.get(url)).json()

    domain = ISSUER.removeprefix("https://").removesuffix("/")
    api = ApiClient(ApiClientOptions(domain=domain, audience=AUDIENCE, custom_fetch=fetch))

    async def verify(token: str) -> object:
        return await api.verify_access_token(token)

    return verify


async def timed(contender: Contender, tokens: Sequence[str]) -> float:
    """Return the seconds that one pass over the tokens takes."""
    started = time.perf_counter()
    for token in tokens:
        await contender(token)
    return time.perf_counter() - started


async def ratios() -> dict[str, float]:
    """Return each contender's ratio to the floor."""
    issuer = make_issuer()
    key = issuer.keys["key-0"]
    tokens = make_tokens(issuer, ISSUER, TOKENS)
    jwk = public_jwk(key, "key-0")
    async with client_of(issuer) as client:
        keys = RemoteJwks(client, ISSUER)
        policy = TokenPolicy(ISSUER, frozenset({AUDIENCE}), leeway=10)
        # A full cache with no hits, as with many distinct callers; and one with only hits.
        first_seen = TokenVerifier(keys, policy, cache_size=TOKENS // 2).verify
        repeated = TokenVerifier(keys, policy, cache_size=TOKENS).verify
        contenders: dict[str, Contender] = {
            FLOOR: floor(key.public_key()),
            FIRST_SEEN: first_seen,
            REPEATED: repeated,
            "python-jose, given the JWK": python_jose(jwk),
            "PyJWT": pyjwt(jwk),
            "joserfc": joserfc(jwk),
            "auth0-api-python": auth0_api_python(client),
        }
        minima = dict.fromkeys(contenders, float("inf"))
        for contender in contenders.values():
            await timed(contender, tokens)
        for start in islice(cycle(range(0, TOKENS, CHUNK)), ROUNDS):
            for name, contender in contenders.items():
                minima[name] = min(minima[name], await timed(contender, tokens[start : start + CHUNK]))
    return {name: own / minima[FLOOR] for name, own in minima.items()}


async def refresh_ms() -> float:
    """Return the milliseconds the event loop is busy with one refresh of ten keys, the median."""
    issuer = Issuer([make_issuer().keys["key-0"]] * 10)
    taken = []
    async with client_of(issuer) as client:
        endpoint = JwksEndpoint(client, ISSUER, ["RS256"], max_age=600, timeout=5)
        for _ in range(REFRESHES):
            started = time.perf_counter()
            await endpoint.fetch()
            taken.append(time.perf_counter() - started)
    return median(taken) * 1000
