"""What a client does in the network of the replicas, for check.sh: client.py dpop | log-out | change-secret SECRET.

It runs in the container of the development tenant, which has the packages for it. It fails where an answer is not as
expected.
"""

import asyncio
import json
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from auth0_devtenant import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    fetch_machine_token,
    fetch_user_token,
)

TENANT: Final = "https://tenant.test/"
AUDIENCE: Final = "https://api.example.com"
PROXY: Final = "http://proxy:8080"
REPLICAS: Final = ("http://replica-1:3000", "http://replica-2:3000")


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """The key of a client of DPoP (RFC 9449)."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """Return a proof for one request, with the hash of the token that is sent."""
        point = self._private.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32, "big")) for number in (point.x, point.y))
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
        claims = {"jti": uuid4().hex, "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            claims["ath"] = base64url(sha256(token.encode()).digest())
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self._private.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def expect(wanted: list[int], seen: list[int]) -> None:
    """Print the statuses, and end with 1 if they are others."""
    print(f"statuses {seen}, expected {wanted}")
    if seen != wanted:
        raise SystemExit(1)


async def dpop(client: httpx.AsyncClient) -> None:
    """A bound token passes with a proof, which no replica takes twice, and not as a bearer token."""
    key, url = Key(), f"{PROXY}/api/data"
    grant = {"grant_type": "client_credentials", "audience": AUDIENCE}
    grant |= {"client_id": MACHINE_CLIENT_ID, "client_secret": MACHINE_CLIENT_SECRET}
    issued = await client.post(
        f"{TENANT}oauth/token", data=grant, headers={"DPoP": key.proof("POST", f"{TENANT}oauth/token")}
    )
    token = issued.raise_for_status().json()["access_token"]
    once = {"Authorization": f"DPoP {token}", "DPoP": key.proof("GET", url, token)}
    seen = [(await client.get(url, headers=once)).status_code for _ in range(4)]
    seen.append((await client.get(url, headers={"Authorization": f"Bearer {token}"})).status_code)
    expect([200, 401, 401, 401, 401], seen)


async def log_out(client: httpx.AsyncClient) -> None:
    """A user whom an administrator logs out by one replica is refused by both."""
    user, admin = [{"Authorization": f"Bearer {await token_of(client, name)}"} for name in ("user", "admin")]
    claims = user["Authorization"].split(".")[1]
    subject = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    before = [(await client.get(f"{replica}/api/data", headers=user)).status_code for replica in REPLICAS]
    out = await client.post(f"{REPLICAS[0]}/admin/users/{subject}/logout", headers=admin)
    after = [(await client.get(f"{replica}/api/data", headers=user)).status_code for replica in REPLICAS]
    expect([200, 200, 204, 401, 401], [*before, out.status_code, *after])


async def token_of(client: httpx.AsyncClient, name: str) -> str:
    """Return an access token of a person of the development tenant."""
    email = f"{name}@example.com"
    password = next(person.password for person in PEOPLE if person.email == email)
    callback = "http://localhost:3000/callback"
    return await fetch_user_token(
        client, TENANT, email=email, password=password, audience=AUDIENCE, redirect_uri=callback
    )


async def change_secret(client: httpx.AsyncClient, secret: str) -> None:
    """Set the secret of the Management client at the tenant, and let it reject the next Management call once."""
    token = await fetch_machine_token(
        client,
        TENANT,
        audience=f"{TENANT}api/v2/",
        client_id=MANAGEMENT_CLIENT_ID,
        client_secret=MANAGEMENT_CLIENT_SECRET,
    )
    changed = await client.patch(
        f"{TENANT}api/v2/clients/{MANAGEMENT_CLIENT_ID}",
        json={"client_secret": secret},
        headers={"Authorization": f"Bearer {token}"},
    )
    fault = {"path": "/api/v2/", "times": 1, "status": 401}
    faulty = await client.post(f"{TENANT}_development/faults", json=fault)
    expect([200, 204], [changed.status_code, faulty.status_code])


async def main(command: str, *arguments: str) -> None:
    """Run the command."""
    async with httpx.AsyncClient() as client:
        match command:
            case "dpop":
                await dpop(client)
            case "log-out":
                await log_out(client)
            case _:
                await change_secret(client, *arguments)


asyncio.run(main(*sys.argv[1:]))
