"""The Management client proves itself by a key: what signs the assertion here is what the service signs with."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth0_devtenant import MANAGEMENT_CLIENT_ID, TenantOptions
from auth0_sso.clock import WallTime
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE, AssertionKey
from support.devtenant import Visitor

Keys = tuple[rsa.RSAPrivateKey, ...]


def assertion_key(key: rsa.RSAPrivateKey) -> AssertionKey:
    return AssertionKey(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.fixture
def options(rsa_keys: Keys) -> TenantOptions:
    public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return TenantOptions(management_public_key=public.decode())


async def status(visitor: Visitor, assertion: str) -> int:
    proof = {"client_secret": "", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return (await visitor.machine(**proof)).status_code


async def test_an_assertion_serves_once(visitor: Visitor, rsa_keys: Keys) -> None:
    key, issuer, now = assertion_key(rsa_keys[3]), visitor.options.issuer, visitor.clock.now
    assertion = key.assertion(MANAGEMENT_CLIENT_ID, issuer, now)
    assert [await status(visitor, assertion) for _ in range(2)] == [200, 401]
    assert await status(visitor, key.assertion(MANAGEMENT_CLIENT_ID, issuer, now)) == 200


async def test_an_assertion_of_another_key_client_tenant_or_time_does_not(visitor: Visitor, rsa_keys: Keys) -> None:
    issuer, now = visitor.options.issuer, visitor.clock.now
    good, other = assertion_key(rsa_keys[3]), assertion_key(rsa_keys[2])
    for assertion in (
        other.assertion(MANAGEMENT_CLIENT_ID, issuer, now),
        good.assertion("another-client", issuer, now),
        good.assertion(MANAGEMENT_CLIENT_ID, "https://other.example.com/", now),
        good.assertion(MANAGEMENT_CLIENT_ID, issuer, WallTime(now - 3600)),
        good.assertion(MANAGEMENT_CLIENT_ID, issuer, WallTime(now + 3600)),
        "a.b.c",
        "",
    ):
        assert await status(visitor, assertion) == 401
