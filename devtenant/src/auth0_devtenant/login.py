"""Getting tokens of the tenant as its clients do: over HTTP, a person through the login form, a machine directly."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from auth0_devtenant.people import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, SPA_CLIENT_ID


class LoginError(Exception):
    """The tenant did not issue a token; the text says why, in its words."""


async def fetch_user_token(
    client: httpx.AsyncClient,
    issuer: str,
    *,
    email: str,
    password: str,
    audience: str,
    redirect_uri: str,
    scope: str = "openid profile email",
    organization: str | None = None,
) -> str:
    """Return an access token for a person: authorization code with PKCE (RFC 7636), as a browser would get it.

    The redirect address itself is never asked. Raises `LoginError`, and httpx's errors of transport.
    """
    verifier, state = token_urlsafe(32), token_urlsafe(16)
    query = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "audience": audience,
        "scope": scope,
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if organization is not None:
        query["organization"] = organization
    begun = await client.get(f"{issuer}authorize", params=query)
    login = _location(begun, f"{issuer} begins no login ({begun.status_code}): is it a development tenant?")
    if parse_qs(urlsplit(login).query).get("state") == [state]:
        raise LoginError(f"the login was refused: {_reason(login)}")
    form = {"username": email, "password": password}
    finished = await client.post(urljoin(issuer, login), data=form)
    client.cookies.clear()  # the session is of this person alone
    back = _location(finished, "the tenant asks again: wrong email or password")
    answer = parse_qs(urlsplit(back).query)
    if answer.get("state") != [state] or "code" not in answer:
        raise LoginError(f"the login was refused: {_reason(back)}")
    grant = {
        "grant_type": "authorization_code",
        "client_id": SPA_CLIENT_ID,
        "code": answer["code"][0],
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return await _fetch(client, issuer, grant)


async def fetch_machine_token(
    client: httpx.AsyncClient,
    issuer: str,
    *,
    audience: str,
    client_id: str = MACHINE_CLIENT_ID,
    client_secret: str = MACHINE_CLIENT_SECRET,
) -> str:
    """Return an access token for a machine (RFC 6749 section 4.4). Raises as `fetch_user_token` does."""
    grant = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "audience": audience,
    }
    return await _fetch(client, issuer, grant)


async def _fetch(client: httpx.AsyncClient, issuer: str, grant: dict[str, str]) -> str:
    answer = await client.post(f"{issuer}oauth/token", data=grant)
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise LoginError(f"{issuer} answers without JSON ({answer.status_code}): is it a development tenant?")
    if answer.status_code != 200 or "access_token" not in body:
        raise LoginError(f"no token was issued: {body.get('error_description', answer.status_code)}")
    return str(body["access_token"])


def _location(answer: httpx.Response, otherwise: str) -> str:
    """Return where a redirect leads; raise `LoginError` with the text `otherwise` for another answer."""
    if answer.status_code != 302 or "Location" not in answer.headers:
        raise LoginError(otherwise)
    return str(answer.headers["Location"])


def _reason(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("error_description", ["no code came back"])[0]
