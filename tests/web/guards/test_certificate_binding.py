"""Tokens that are bound to a client certificate (RFC 8705), which a trusted proxy forwards."""

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import ConfigurationError, CurrentToken, harden, protect
from auth0_sso.asgi import Auth0Guard
from auth0_sso.testing import settings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.dpop_client import Headers, sent
from support.own_app import protected
from support.proofs import encoded

# RFC 8705 appendix A
DER = b64decode(
    "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwE"
    "bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGG"
    "WvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUa"
    "KlLR50Q2DmFfQj1L+SY="
)
CERTIFICATE = (b"client-cert", b":" + b64encode(DER) + b":")
THUMBPRINT = encoded(sha256(DER).digest())
PROXY = ("10.0.0.1", 1)
FORWARDED = (b"x-forwarded-for", b"10.0.0.9")


def own_app(*, trusting: bool = True) -> FastAPI:
    app = FastAPI()

    @app.get("/orders")
    async def read_orders(token: CurrentToken) -> str:
        return token.subject

    return harden(app, trusted_proxies=["10.0.0.0/8"]) if trusting else app


def bound(issuer: Issuer, clock: HandClock, scheme: str = "Bearer", thumbprint: str = THUMBPRINT) -> Headers:
    token = issuer.token(user_claims(clock.now, cnf={"x5t#S256": thumbprint}))
    return sent(token, scheme=scheme)


async def ask(app: FastAPI, headers: Headers, client: tuple[str, int] = PROXY) -> tuple[int, str]:
    transport = httpx.ASGITransport(app, client=client)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as api:
        answer = await api.get("/orders", headers=headers)
    return answer.status_code, answer.headers.get("WWW-Authenticate", "").partition(", error_description")[0]


@pytest.fixture(params=["off", "allowed"])
def changes(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {
        "auth0_client_certificate_header": "Client-Cert",
        "auth0_dpop": request.param,
        "trusted_proxies": ("10.0.0.0/8",),
    }


@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
async def test_the_certificate_of_the_token_passes_with_either_scheme(
    issuer: Issuer, clock: HandClock, changes: dict[str, Any], scheme: str
) -> None:
    app = own_app()
    async with protected(app, issuer, clock, **changes):
        headers = [*bound(issuer, clock, scheme), CERTIFICATE]
        assert await ask(app, headers) == (200, "")
        assert await ask(app, [*headers, FORWARDED]) == (200, "")


async def test_another_certificate_or_none_is_refused(
    issuer: Issuer, clock: HandClock, changes: dict[str, Any]
) -> None:
    app = own_app()
    async with protected(app, issuer, clock, **changes):
        for headers in (
            bound(issuer, clock),
            [*bound(issuer, clock, thumbprint="A" * 43), CERTIFICATE],
            [*bound(issuer, clock), CERTIFICATE, CERTIFICATE],
            [*bound(issuer, clock), (b"client-cert", b"nonsense")],
        ):
            status, challenge = await ask(app, headers)
            assert (status, challenge) == (401, 'Bearer error="invalid_token"')


async def test_only_a_trusted_proxy_names_the_certificate(
    issuer: Issuer, clock: HandClock, changes: dict[str, Any]
) -> None:
    app = own_app()
    async with protected(app, issuer, clock, **changes):
        headers = [*bound(issuer, clock), CERTIFICATE, FORWARDED]
        assert (await ask(app, headers, ("192.0.2.1", 1)))[0] == 401


async def test_without_the_setting_tokens_bound_to_a_certificate_are_refused(
    issuer: Issuer, clock: HandClock
) -> None:
    app = own_app()
    async with protected(app, issuer, clock):
        assert (await ask(app, [*bound(issuer, clock), CERTIFICATE]))[0] == 401


@pytest.mark.parametrize("dpop", ["off", "allowed"])
async def test_no_app_starts_with_the_header_and_without_trusted_proxies(dpop: str) -> None:
    chosen = settings(auth0_client_certificate_header="Client-Cert", auth0_dpop=dpop)
    app = protect(own_app(trusting=False), chosen)
    with pytest.raises(ConfigurationError, match="AUTH0_CLIENT_CERTIFICATE_HEADER"):
        async with app.router.lifespan_context(app):
            pass
    guard = Auth0Guard(own_app(), settings=chosen)
    with pytest.raises(ConfigurationError, match="AUTH0_CLIENT_CERTIFICATE_HEADER"):
        async with guard.running():
            pass
