import re

import httpx
import pytest

from auth0_devtenant import LoginError, fetch_machine_token, fetch_user_token

from .visitor import ADMIN, REDIRECT_URI, Visitor, segments


async def test_a_person_gets_a_token_and_the_session_is_cleared(visitor: Visitor) -> None:
    token = await fetch_user_token(
        visitor.client,
        visitor.options.issuer,
        email=ADMIN.email,
        password=ADMIN.password,
        audience=visitor.options.audience,
        redirect_uri=REDIRECT_URI,
    )
    assert segments(token)[1]["sub"] == ADMIN.user_id
    assert not visitor.client.cookies


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"password": "wrong"}, "wrong email or password"),
        ({"audience": "https://other.example.com"}, "the login was refused: Service not found"),
        ({"redirect_uri": "https://evil.example.com/"}, "is it a development tenant?"),
        ({"organization": "acme"}, "is not part of the acme organization"),
    ],
)
async def test_a_refused_login_says_why_without_requesting_the_redirect_uri(
    visitor: Visitor, change: dict[str, str], why: str
) -> None:
    values = {
        "email": ADMIN.email,
        "password": ADMIN.password,
        "audience": visitor.options.audience,
        "redirect_uri": REDIRECT_URI,
    }
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(str(request.url))

    visitor.client.event_hooks["request"].append(note)
    with pytest.raises(LoginError, match=re.escape(why)):
        await fetch_user_token(visitor.client, visitor.options.issuer, **(values | change))
    assert all(url.startswith(visitor.options.issuer) for url in asked)


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", "null"])
async def test_a_server_that_is_not_a_tenant_is_a_login_error(visitor: Visitor, body: str) -> None:
    for path in ("/authorize", "/oauth/token"):
        fault = {"path": path, "status": 200, "body": body}
        assert (await visitor.client.post("_development/faults", json=fault)).status_code == 204
    issuer, audience = visitor.options.issuer, visitor.options.audience
    with pytest.raises(LoginError, match=r"development tenant|no token was issued"):
        await fetch_machine_token(visitor.client, issuer, audience=audience)
    with pytest.raises(LoginError, match="starts no login"):
        await fetch_user_token(
            visitor.client, issuer, email="x", password="x", audience=audience, redirect_uri=REDIRECT_URI
        )


async def test_a_machine_gets_a_token_or_auth0s_error(visitor: Visitor) -> None:
    issuer = visitor.options.issuer
    assert await fetch_machine_token(visitor.client, issuer, audience=visitor.options.audience)
    with pytest.raises(LoginError, match="Unauthorized"):
        await fetch_machine_token(visitor.client, issuer, audience=visitor.options.audience, client_secret="wrong")
