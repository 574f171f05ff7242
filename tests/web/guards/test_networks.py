"""Requests by the network they come from: the connection's address, or what a trusted proxy says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.types import Receive, Scope, Send

from auth0_sso import harden, require_network
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import protected

OFFICE = ("10.1.0.0/16", "2001:db8::/32", "192.0.2.7")


class _From:
    """Middleware that lets a request come from any address."""

    def __init__(self, app: FastAPI, client: tuple[str, int] | None) -> None:
        self._app, self._client = app, client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "client": self._client} if scope["type"] == "http" else scope, receive, send)


@asynccontextmanager
async def office(issuer: Issuer, clock: HandClock, *proxies: str) -> AsyncIterator[FastAPI]:
    app = FastAPI()
    app.get("/office", dependencies=[Depends(require_network(*OFFICE))])(_passed)
    if proxies:
        harden(app, trusted_proxies=proxies)
    async with protected(app, issuer, clock):
        yield app


async def _passed() -> str:
    return "passed"


async def ask(app: FastAPI, token: str, address: str | None, forwarded: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    transport = httpx.ASGITransport(_From(app, None if address is None else (address, 1)))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as client:
        return await client.get("/office", headers=headers)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "2001:db8::1", "192.0.2.7", "::ffff:10.1.2.3", "2001:db8::1%eth0", "10.1.255.255"]
)
async def test_clients_in_the_networks_pass(issuer: Issuer, clock: HandClock, address: str) -> None:
    async with office(issuer, clock) as app:
        assert (await ask(app, issuer.token(user_claims(clock.now)), address)).status_code == 200


@pytest.mark.parametrize(
    "address", ["10.2.0.0", "192.0.2.8", "2001:db9::1", "::ffff:10.2.0.1", "::1", "unknown", "", "10.1.2.3:80", None]
)
async def test_clients_elsewhere_and_unknown_addresses_are_refused(
    issuer: Issuer, clock: HandClock, address: str | None
) -> None:
    async with office(issuer, clock) as app:
        refused = await ask(app, issuer.token(user_claims(clock.now)), address)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["detail"] == "This is not for the network that you are in."
    assert "10.1." not in refused.text, "the networks are not told"


async def test_a_network_does_not_stand_for_a_token(issuer: Issuer, clock: HandClock) -> None:
    async with office(issuer, clock) as app:
        assert (await ask(app, "not.a.token", "10.1.2.3")).status_code == 401


async def test_only_a_trusted_proxy_names_the_client(issuer: Issuer, clock: HandClock) -> None:
    token = issuer.token(user_claims(clock.now))
    async with office(issuer, clock) as app:
        assert (await ask(app, token, "203.0.113.9", "10.1.2.3")).status_code == 403, "the header was believed"
    async with office(issuer, clock, "203.0.113.9") as app:
        assert (await ask(app, token, "203.0.113.9", "10.1.2.3")).status_code == 200
        assert (await ask(app, token, "203.0.113.9", "10.1.2.3, 198.51.100.1")).status_code == 403
        assert (await ask(app, token, "203.0.113.8", "10.1.2.3")).status_code == 403
        assert (await ask(app, token, "203.0.113.9")).status_code == 403


@pytest.mark.parametrize(
    ("cidrs", "message"),
    [
        ((), "one or more networks"),
        (("10.0.0.1/8",), "host bits"),
        (("office",), "does not appear to be"),
        (("::ffff:10.0.0.0/104",), "IPv4 network itself"),
    ],
)
def test_a_guard_without_a_real_network_is_refused(cidrs: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_network(*cidrs)
