"""A client of the tenant: the steps of a login one by one, and calls of the Management API."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    Person,
    TenantOptions,
)
from auth0_devtenant.state import Tenant

from .clock import ManualClock

VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
REDIRECT_URI = "http://127.0.0.1:3000/callback"
ADMIN, MANAGER, USER = PEOPLE


def challenge(verifier: str = VERIFIER) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def segments(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, unverified."""
    header, claims, _ = token.split(".")
    return json.loads(_bytes(header)), json.loads(_bytes(claims))


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def query_of(answer: httpx.Response) -> dict[str, str]:
    """Return the parameters a redirect carries."""
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


@dataclass
class Visitor:
    client: httpx.AsyncClient
    options: TenantOptions
    clock: ManualClock
    tenant: Tenant

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of a valid authorization request; None removes one."""
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": SPA_CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "audience": self.options.audience,
            "scope": "openid profile email offline_access read:data write:data",
            "state": "the-state",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (query | changes).items() if value is not None}

    async def authorize(self, **changes: str | None) -> httpx.Response:
        return await self.client.get("authorize", params=self.parameters(**changes))

    async def log_in(self, person: Person = ADMIN, /, **changes: str | None) -> httpx.Response:
        started = await self.authorize(**changes)
        form = {"username": person.email, "password": person.password}
        return await self.client.post(started.headers["Location"], data=form)

    async def click(self, page: httpx.Response, **form: str) -> httpx.Response:
        """Submit the form of the page that a redirect leads to."""
        return await self.client.post(page.headers["Location"], data=form)

    async def id_token(self, person: Person = ADMIN, /, **changes: str | None) -> dict[str, Any]:
        """Log in, or use the session, and return the claims of the ID token."""
        answer = await self.authorize(**changes)
        if answer.headers["Location"].startswith("/u/login"):
            answer = await self.click(answer, username=person.email, password=person.password)
        return segments((await self.redeem(query_of(answer)["code"])).json()["id_token"])[1]

    async def code(self, person: Person = ADMIN, /, **changes: str | None) -> str:
        return query_of(await self.log_in(person, **changes))["code"]

    async def redeem(self, code: str, /, **changes: str) -> httpx.Response:
        grant = {
            "grant_type": "authorization_code",
            "client_id": SPA_CLIENT_ID,
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return await self.client.post("oauth/token", data=grant | changes)

    async def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        grant = {"grant_type": "refresh_token", "client_id": SPA_CLIENT_ID, "refresh_token": refresh_token}
        return await self.client.post("oauth/token", data=grant | changes)

    async def machine(self, **changes: str) -> httpx.Response:
        grant = {
            "grant_type": "client_credentials",
            "client_id": MANAGEMENT_CLIENT_ID,
            "client_secret": MANAGEMENT_CLIENT_SECRET,
            "audience": self.options.management_audience,
        }
        return await self.client.post("oauth/token", json=grant | changes)

    async def manage(self, method: str, path: str, json: object = None, *, scope: str = "") -> httpx.Response:
        token = (await self.machine(**({"scope": scope} if scope else {}))).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.request(method, f"api/v2{path}", json=json, headers=headers)

    async def jwks(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = (await self.client.get(".well-known/jwks.json")).json()["keys"]
        return keys

    async def key_that_verifies(self, token: str) -> str | None:
        """Return the kid of the published key that signed a token, by its certificate; None if there is none."""
        header, _ = segments(token)
        for jwk in await self.jwks():
            if jwk["kid"] == header["kid"]:
                der = x509.load_pem_x509_certificate(
                    f"-----BEGIN CERTIFICATE-----\n{jwk['x5c'][0]}\n-----END CERTIFICATE-----\n".encode()
                )
                key = der.public_key()
                assert isinstance(key, rsa.RSAPublicKey)
                signing_input, _, signature = token.rpartition(".")
                key.verify(_bytes(signature), signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
                return str(jwk["kid"])
        return None
