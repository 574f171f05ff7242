"""Keys without a tenant, and an app with guarded WebSockets."""

from collections.abc import AsyncIterator

import pytest

from auth0_sso import StaticKeys
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import protected
from support.socket_app import LIFE, Bearer, Headers, SocketApp


@pytest.fixture
def keys(issuer: Issuer) -> StaticKeys:
    return StaticKeys(issuer.jwks())


@pytest.fixture
async def own(issuer: Issuer, clock: HandClock) -> AsyncIterator[SocketApp]:
    served = SocketApp()
    async with protected(served.app, issuer, clock):
        yield served


@pytest.fixture
def bearer(issuer: Issuer, clock: HandClock) -> Bearer:
    def headers(**claims: object) -> Headers:
        token = issuer.token(user_claims(clock.now, exp=int(clock.now) + LIFE, **claims))
        return [(b"authorization", f"Bearer {token}".encode())]

    return headers
