"""The Management client authenticates by a signed assertion (RFC 7523), made here by a library of others."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from auth0_devtenant import MANAGEMENT_CLIENT_ID, TenantOptions, default_seed

from .visitor import Visitor

Keys = tuple[rsa.RSAPrivateKey, ...]
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def options(rsa_keys: Keys) -> TenantOptions:
    public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return TenantOptions(seed=default_seed(management_public_key=public.decode()))


def assertion(visitor: Visitor, key: rsa.RSAPrivateKey, **changes: object) -> str:
    """Return an assertion that is right but for the changes; None removes a claim."""
    now = int(visitor.clock.now)
    claims: dict[str, Any] = {
        "iss": MANAGEMENT_CLIENT_ID,
        "sub": MANAGEMENT_CLIENT_ID,
        "aud": visitor.options.issuer,
        "iat": now,
        "exp": now + 60,
        "jti": "the-first",
    }
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode({"alg": "RS256"}, kept, RSAKey.import_key(pem))


async def send(visitor: Visitor, text: str) -> tuple[int, str | None]:
    """Return the status and the error of a token request with this assertion."""
    proof = {"client_secret": "", "client_assertion_type": JWT_BEARER, "client_assertion": text}
    answer = await visitor.machine(**proof)
    return answer.status_code, answer.json().get("error")


async def test_an_assertion_is_accepted_once(visitor: Visitor, rsa_keys: Keys) -> None:
    first = assertion(visitor, rsa_keys[3])
    assert [await send(visitor, first) for _ in range(2)] == [(200, None), (401, "invalid_client")]
    assert await send(visitor, assertion(visitor, rsa_keys[3], jti="the-second")) == (200, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another-client"},
        {"sub": "another-client"},
        {"iss": "another-client", "sub": "another-client"},
        {"aud": "https://other.example.com/"},
        {"exp": 1_800_000_000},
        {"exp": 1_800_000_301},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
    ],
    ids=str,
)
async def test_an_assertion_with_a_wrong_claim_is_refused(
    visitor: Visitor, rsa_keys: Keys, changes: dict[str, object]
) -> None:
    assert await send(visitor, assertion(visitor, rsa_keys[3], **changes)) == (401, "invalid_client")


async def test_an_assertion_signed_by_another_key_is_refused(visitor: Visitor, rsa_keys: Keys) -> None:
    assert await send(visitor, assertion(visitor, rsa_keys[2])) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["a.b.c", "", "one.part", "!.!.!"])
async def test_text_that_is_not_a_jwt_is_refused(visitor: Visitor, text: str) -> None:
    assert await send(visitor, text) == (401, "invalid_client")
