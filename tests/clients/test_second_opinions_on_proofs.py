"""Resource servers that Auth0 wrote judge the table of DPoP proofs: where they differ from ours is explained."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET
from support.auth0_fastapi_app import fastapi_app
from support.client_tenant import ClientTenant
from support.compatibility import OPINIONS, WRITE
from support.issuer_api import AUDIENCE, api
from support.node import program
from support.proof_cases import ProvenGet
from support.proofs import ProofKey

Exercise = Callable[[str, str], None]
Headers = list[tuple[str, str]]

DONE: Final = "judges the table of DPoP proofs"

UNKNOWN_PARAMETER: Final = (
    "either: unknown parameters are ignored (RFC 7515, 4); we refuse those that would change how a JWS is read"
)
NO_NONCES: Final = "we: it is a text of one character or more (RFC 9449, 8.1); they have no nonces, and ignore it"
FAILURE: Final = "we: a malformed proof is the client's error (RFC 9110, 15.5), not a failure of the server"
EXPLAINED: Final = {
    "replayed": "we: a proof is for one request (RFC 9449, 11.1); they leave it to the app",
    "two-proofs": "we: not more than one DPoP header (RFC 9449, 4.3, check 1)",
    "htm-lower-case": "we: methods are case-sensitive (RFC 9110, 9.1)",
    "htm-number": FAILURE,
    "htm-null": FAILURE,
    "header-list": FAILURE,
    "htu-user": "we: user information in such a URI is an error (RFC 9110, 4.2.4)",
    "htu-escaped": "we: URIs are compared after normalization (RFC 9449, 4.3, and RFC 3986, 6.2.2)",
    "typ-upper-case": "we: media types are not case-sensitive (RFC 7515, 4.1.9)",
    "typ-application": "we: it is the same media type (RFC 7515, 4.1.9)",
    "jti-number": "we: it is a text (RFC 7519, 4.1.7)",
    "jti-long": "either: one that is remembered may be bounded (RFC 9449, 11.1); they remember none",
    "nonce-empty": NO_NONCES,
    "nonce-number": NO_NONCES,
    "nonce-long": "either: a nonce of ours has 43 characters; they have no nonces, and ignore it",
    "jwk-for-encryption": "we: the key is not for signatures (RFC 7517, 4.2)",
    "jwk-use-number": "we: it is a text (RFC 7517, 4.2)",
    "jwk-other-alg": "we: the key is for another algorithm (RFC 7517, 4.4)",
    "b64": "we: it needs crit, too (RFC 7797, 6)",
    "cty": "we: the proof is no nested JWT (RFC 7519, 5.2)",
    "zip": UNKNOWN_PARAMETER,
    "enc": UNKNOWN_PARAMETER,
}
"""Who is right, by the name of the proof, where one of the others differs from us."""


@dataclass(frozen=True)
class Judge:
    """A running resource server and a guarded URL of it."""

    client: httpx.AsyncClient
    url: str

    async def verdict(self, headers: Headers) -> str:
        """Return `passes`, or the status."""
        status = (await self.client.get(self.url, headers=headers)).status_code
        return "passes" if status == 200 else str(status)


@asynccontextmanager
async def judges(tenant: ClientTenant) -> AsyncIterator[dict[str, Judge]]:
    """Run our API and those of the others."""
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(api(tenant.issuer, auth_failure_rate_limit="off"))
        transport = httpx.ASGITransport(fastapi_app(tenant.domain), raise_app_exceptions=False)
        fastapi = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
        running = stack.enter_context(program("express-oauth2-jwt-bearer.mjs", **tenant.environment))
        express = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        yield {
            "ours": Judge(ours, "https://service.example.com/api/data"),
            "auth0-fastapi-api": Judge(fastapi, "https://api.example.com/any"),
            "express-oauth2-jwt-bearer": Judge(express, f"{running.url}/any"),
        }


async def bound_token(tenant: ClientTenant, key: ProofKey) -> str:
    """Return a machine's access token that is bound to a key."""
    url = f"{tenant.issuer}oauth/token"
    proof = key.proof({"jti": "for-a-token", "htm": "POST", "htu": url, "iat": int(time.time())})
    credentials = {"client_id": MACHINE_CLIENT_ID, "client_secret": MACHINE_CLIENT_SECRET, "audience": AUDIENCE}
    async with httpx.AsyncClient(verify=tenant.trust, trust_env=False) as client:
        form = {"grant_type": "client_credentials", **credentials}
        answer = (await client.post(url, data=form, headers={"DPoP": proof})).raise_for_status().json()
    assert answer["token_type"] == "DPoP"
    return str(answer["access_token"])


def requests_for(proven: ProvenGet, unbound: str) -> list[tuple[str, bool, Headers]]:
    """Return requests by name, in order, with whether we accept them."""
    found = [
        (each.name, each.reason is None, _headers("DPoP", proven.token, *each.proofs)) for each in proven.cases()
    ]
    plain = next(headers for name, _, headers in found if name == "plain")
    fresh = [proven.proof(name, {}) for name in ("as-bearer", "unbound")]
    return [
        *found,
        ("replayed", False, plain),
        ("bound token with the scheme Bearer", False, _headers("Bearer", proven.token)),
        ("bound token with the scheme Bearer and a proof", False, _headers("Bearer", proven.token, fresh[0])),
        ("unbound token with the scheme DPoP", False, _headers("DPoP", unbound, fresh[1])),
    ]


def _headers(scheme: str, token: str, *proofs: str) -> Headers:
    return [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]


def differs(verdicts: dict[str, str]) -> bool:
    """Whether one passes what another refuses, or fails."""
    return len({verdict == "passes" for verdict in verdicts.values()}) > 1 or "500" in verdicts.values()


@pytest.mark.usefixtures("node_js")
async def test_other_resource_servers_differ_as_the_document_explains(
    trusted: ClientTenant, exercise: Exercise
) -> None:
    exercise("auth0-fastapi-api", DONE)
    exercise("express-oauth2-jwt-bearer", DONE)
    key, verdicts = ProofKey(), dict[str, dict[str, str]]()
    token, unbound = await bound_token(trusted, key), await trusted.machine_token()
    async with judges(trusted) as all_judges:
        for judge_name, judge in all_judges.items():
            proven = ProvenGet(judge.url, token, int(time.time()), key)
            for name, accepted, headers in requests_for(proven, unbound):
                verdict = await judge.verdict(headers)
                verdicts.setdefault(name, {})[judge_name] = verdict
                assert judge_name != "ours" or (verdict == "passes") == accepted, name
    different = {name: found for name, found in verdicts.items() if differs(found)}
    assert different.keys() == EXPLAINED.keys()
    rows = [f"| `{name}` | {' | '.join(found.values())} | {EXPLAINED[name]} |\n" for name, found in different.items()]
    if WRITE:
        OPINIONS.write(rows)
    assert OPINIONS.committed() == rows, "write them with: COMPATIBILITY=write make test"
