"""What replicas must have in common to share anything: the Management client's key, however it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth0_devtenant import TenantOptions, default_seed
from auth0_sso.testing.clock import HandClock
from support.redis_server import RedisServer
from support.service import USER, Service, person_id, running_service
from support.service import replica as another

Keys = tuple[rsa.RSAPrivateKey, ...]


def pem(key: rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


SPELLINGS: dict[str, Callable[[rsa.RSAPrivateKey], str]] = {
    "without-final-newline": lambda key: pem(key).strip(),
    "on-one-line": lambda key: pem(key).replace("\n", "\\n"),
    "crlf": lambda key: pem(key).replace("\n", "\r\n"),
    "pkcs1": lambda key: pem(key, PrivateFormat.TraditionalOpenSSL),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_two_spellings_of_a_private_key_share_token_and_roles(
    rsa_keys: Keys, clock: HandClock, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    monkeypatch.setattr(
        "support.service.OPTIONS", TenantOptions(seed=default_seed(management_public_key=public.decode()))
    )
    shared: dict[str, Any] = {
        "auth0_management_client_secret": "",
        "rate_limit_storage_url": redis.url,
        "rate_limit_store_timeout_seconds": 5,
    }
    first, second = pem(rsa_keys[3]), SPELLINGS[spelling](rsa_keys[3])
    async with (
        running_service(rsa_keys, clock, **shared, auth0_management_private_key=first) as one,
        another(one, **shared, auth0_management_private_key=second) as two,
    ):
        for service in (one, two):
            assert (await service.api.get("/dashboard", headers=await service.as_user(USER))).status_code == 403
        assert calls(one, two, "POST /oauth/token") == 1
        assert calls(one, two, f"GET /api/v2/users/{person_id(USER).replace('|', '%7C')}/roles") == 1


def calls(one: Service, two: Service, start: str) -> int:
    return one.wire.count(start) + two.wire.count(start)
