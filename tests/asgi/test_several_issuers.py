"""`Auth0Guard` with AUTH0_ISSUERS: roles and limits are those of the tenant that issued the token."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.testing.clock import HandClock
from support.guarded_asgi_app import SeenApp, ask
from support.two_tenants import ADMIN, CUSTOM_DOMAIN, FIRST, OTHER, USER, Callers, TwoTenants, settings_of_both


@pytest.fixture
async def guard(callers: Callers, clock: HandClock) -> AsyncIterator[Auth0Guard]:
    guard = Auth0Guard(
        SeenApp(),
        Rule("/admin", any_role=("admin",)),
        Rule("/limited", rate_limit="2/minute"),
        settings=settings_of_both(other={"management_client_id": "", "management_client_secret": ""}),
        clock=clock,
        transport=callers.tenants,
    )
    async with guard.running():
        await clock.settle()
        yield guard


@pytest.fixture
def callers(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> Callers:
    return Callers(TwoTenants(rsa_keys, clock))


async def status(guard: Auth0Guard, callers: Callers, issuer: str, email: str, path: str) -> int:
    sent = (await callers.headers(issuer, email))["Authorization"].encode()
    return (await ask(guard, path, headers=[(b"authorization", sent)])).status


async def test_roles_are_asked_of_the_tokens_tenant_alone(guard: Auth0Guard, callers: Callers) -> None:
    assert await status(guard, callers, FIRST.issuer, ADMIN, "/admin") == 200
    assert await status(guard, callers, CUSTOM_DOMAIN, ADMIN, "/admin") == 200
    assert await status(guard, callers, OTHER.issuer, ADMIN, "/admin") == 503, "there are no credentials there"


async def test_one_subject_of_two_tenants_has_a_limit_in_each(guard: Auth0Guard, callers: Callers) -> None:
    used = [await status(guard, callers, issuer, USER, "/limited") for issuer in (FIRST.issuer, CUSTOM_DOMAIN)]
    assert used == [200, 200]
    assert await status(guard, callers, FIRST.issuer, USER, "/limited") == 429
    assert await status(guard, callers, OTHER.issuer, USER, "/limited") == 200
