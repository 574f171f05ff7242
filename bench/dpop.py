"""What a request with a DPoP proof takes beside one with a bearer token, and beside the signatures alone.

In one process, in rounds one after the other, of which the least counts. Tokens are signed by RS256 with 2,048 bits,
proofs by ES256.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from fastapi import FastAPI

from auth0_sso import CurrentToken, GuardedRoute, StaticKeys, protect
from auth0_sso.testing import settings
from auth0_sso.testing.issuer import Issuer, issuer_of_process, user_claims
from support.proofs import ProofKey, ath_of

ROUNDS: Final = 12
REQUESTS: Final = 300
Headers = list[tuple[bytes, bytes]]


def guarded_app(issuer: Issuer) -> FastAPI:
    """Return an app with one guarded route."""
    app = FastAPI()
    app.router.route_class = GuardedRoute

    @app.get("/")
    async def subject(token: CurrentToken) -> str:
        return token.subject

    return protect(app, settings(), keys=StaticKeys(issuer.jwks("key-0")))


async def seconds_of(app: FastAPI, requests: Sequence[Headers]) -> float:
    """Return what a request takes, on average; each must be answered 200."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scopes = [_scope(headers) for headers in requests]
    started = time.perf_counter()
    for scope in scopes:
        await app(scope, receive, send)
    taken = (time.perf_counter() - started) / len(requests)
    if set(statuses) != {200}:
        raise RuntimeError(f"a request was answered {set(statuses)}")
    return taken


def _scope(headers: Headers) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"api.example.com"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("api.example.com", 443),
        "state": {},
    }


def dpop_headers(key: ProofKey, token: str, number: str) -> Headers:
    """Return the headers of a request with a proof of its own."""
    claims = {"htm": "GET", "htu": "https://api.example.com/", "iat": int(time.time()), "jti": number}
    proof = key.proof(claims | {"ath": ath_of(token)})
    return [(b"authorization", b"DPoP " + token.encode()), (b"dpop", proof.encode())]


def seconds_of_call(call: Callable[[], object]) -> float:
    """Return what one call takes, on average."""
    started = time.perf_counter()
    for _ in range(REQUESTS):
        call()
    return (time.perf_counter() - started) / REQUESTS


def signatures(issuer: Issuer, key: ProofKey) -> dict[str, Callable[[], object]]:
    """Return the verification of one signature of each kind, by `cryptography`."""
    private, message = issuer.keys["key-0"], b"x" * 800
    rsa_signature = private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    ec_signature = key.private.sign(message, ec.ECDSA(hashes.SHA256()))
    rsa_key, ec_key = private.public_key(), key.private.public_key()
    return {
        "RS256": lambda: rsa_key.verify(rsa_signature, message, padding.PKCS1v15(), hashes.SHA256()),
        "ES256": lambda: ec_key.verify(ec_signature, message, ec.ECDSA(hashes.SHA256())),
    }


async def measure() -> dict[str, float]:
    """Return the least seconds of each."""
    issuer, key = issuer_of_process(), ProofKey()
    app, claims = guarded_app(issuer), user_claims(time.time())
    bearer, bound = issuer.token(claims), issuer.token(claims | {"cnf": {"jkt": key.jkt}})
    least: dict[str, float] = {}

    def note(name: str, seconds: float) -> None:
        least[name] = min(seconds, least.get(name, seconds))

    async with app.router.lifespan_context(app):
        for turn in range(ROUNDS):
            new = [
                issuer.token(claims | {"cnf": {"jkt": key.jkt}, "jti": f"{turn}-{number}"})
                for number in range(REQUESTS)
            ]
            header: Headers = [(b"authorization", b"Bearer " + bearer.encode())]
            note("bearer", await seconds_of(app, [header] * REQUESTS))
            proofs = [dpop_headers(key, bound, f"a{turn}-{number}") for number in range(REQUESTS)]
            note("proof", await seconds_of(app, proofs))
            both = [dpop_headers(key, token, f"b{turn}-{number}") for number, token in enumerate(new)]
            note("both", await seconds_of(app, both))
            for name, call in signatures(issuer, key).items():
                note(name, seconds_of_call(call))
    return least


def main() -> None:
    """Measure, and print a table."""
    least = asyncio.run(measure())
    rows = {
        "a bearer token that was verified before": least["bearer"],
        "a bound token that was verified before, and a new proof": least["proof"],
        "a new bound token, and a new proof": least["both"],
        "the signature of a proof alone (ES256)": least["ES256"],
        "the signatures of both alone (ES256, RS256)": least["ES256"] + least["RS256"],
    }
    print("| a request with | microseconds | ratio |\n|---|---:|---:|")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds * 1e6:.0f} | {seconds / least['bearer']:.2f} |")


if __name__ == "__main__":
    main()
