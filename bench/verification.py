"""The cost of one verification: this package compared with the minimum (the floor) and with other libraries.

Each figure is a ratio to the floor in the same round, the median of many short rounds in which the contenders
alternate: on a shared machine a ratio within one run is meaningful, and a time is not.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, public_jwk, user_claims
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier

TOKENS, ROUNDS = 400, 60

FLOOR = "floor: cryptography + base64 + json"
FIRST_SEEN = "auth0_sso, first-seen token"
REPEATED = "auth0_sso, repeated token"
MAX_RATIO = {FIRST_SEEN: 1.35, REPEATED: 0.10}

Contender = Callable[[str], Awaitable[object]]


def tenant(issuer: Issuer) -> httpx.AsyncClient:
    """Return a client with responses from memory."""
    metadata = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}.well-known/jwks.json"}
    pages = {"/.well-known/openid-configuration": metadata, "/.well-known/jwks.json": issuer.jwks()}
    bodies = {path: json.dumps(page).encode() for path, page in pages.items()}
    return httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=Body(bodies[request.url.path])))
    )


class Body(httpx.AsyncByteStream):
    """The bytes of a response, as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data


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
    """Return each contender's median ratio to the floor."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer, now = Issuer([key]), time.time()
    tokens = [issuer.token(user_claims(now, jti=str(number))) for number in range(TOKENS)]
    jwk = public_jwk(key, "key-0")
    async with tenant(issuer) as client:
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
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for contender in contenders.values():
            await timed(contender, tokens)
        for _ in range(ROUNDS):
            for name, contender in contenders.items():
                times[name].append(await timed(contender, tokens))
    return {
        name: median(own / base for own, base in zip(taken, times[FLOOR], strict=True))
        for name, taken in times.items()
    }


async def refresh_time() -> float:
    """Return the milliseconds the event loop is busy with one refresh of ten keys, the median."""
    issuer = Issuer([rsa.generate_private_key(public_exponent=65537, key_size=2048)] * 10)
    taken = []
    async with tenant(issuer) as client:
        endpoint = JwksEndpoint(client, ISSUER, ["RS256"], max_age=600, timeout=5)
        for _ in range(ROUNDS):
            started = time.perf_counter()
            await endpoint.fetch()
            taken.append(time.perf_counter() - started)
    return median(taken) * 1000


def main() -> None:
    """Measure, and print a table."""
    print(f"Verification of one token, as a ratio to the floor ({ROUNDS} rounds of {TOKENS} tokens):\n")
    for name, ratio in asyncio.run(ratios()).items():
        target = f"  (target: at most {MAX_RATIO[name]:.2f})" if name in MAX_RATIO else ""
        print(f"  {name:<36} {ratio:5.2f}{target}")
    print(
        f"\nTime on the event loop for a refresh of 10 keys: {asyncio.run(refresh_time()):.2f} ms  (target: under 2)"
    )


if __name__ == "__main__":
    main()
