"""Fetching tokens from the tenant over HTTP: for a person through the login form, for a machine directly."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from auth0_devtenant.seed import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, SPA_CLIENT_ID


class LoginError(Exception):
    """The tenant did not issue a token; the message says why."""


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
    """Return an access token for a person, by authorization code with PKCE (RFC 7636) as in a browser.

    `issuer` ends with a slash. `redirect_uri` must be one of the tenant's callback URLs; it is not requested. The
    cookies of `client` are cleared. Raises `LoginError`, and `httpx.TransportError` if the tenant cannot be reached.
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
    started = await client.get(f"{issuer}authorize", params=query)
    login = _location(started, f"{issuer} starts no login ({started.status_code}): is it a development tenant?")
    if parse_qs(urlsplit(login).query).get("state") == [state]:
        raise LoginError(f"the login was refused: {_reason(login)}")
    form = {"username": email, "password": password}
    finished = await client.post(urljoin(issuer, login), data=form)
    client.cookies.clear()  # the session is this person's
    back = _location(finished, "wrong email or password")
    result = parse_qs(urlsplit(back).query)
    if result.get("state") != [state] or "code" not in result:
        raise LoginError(f"the login was refused: {_reason(back)}")
    grant = {
        "grant_type": "authorization_code",
        "client_id": SPA_CLIENT_ID,
        "code": result["code"][0],
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
    """Return an access token for a machine, by client credentials (RFC 6749 section 4.4).

    `issuer` ends with a slash. Raises as `fetch_user_token` does.
    """
    grant = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "audience": audience,
    }
    return await _fetch(client, issuer, grant)


async def _fetch(client: httpx.AsyncClient, issuer: str, grant: dict[str, str]) -> str:
    response = await client.post(f"{issuer}oauth/token", data=grant)
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise LoginError(f"{issuer} responds without JSON ({response.status_code}): is it a development tenant?")
    if response.status_code != 200 or "access_token" not in body:
        raise LoginError(f"no token was issued: {body.get('error_description', response.status_code)}")
    return str(body["access_token"])


def _location(response: httpx.Response, error: str) -> str:
    """Return the Location of a redirect; raise `LoginError` with the message `error` for another response."""
    if response.status_code != 302 or "Location" not in response.headers:
        raise LoginError(error)
    return str(response.headers["Location"])


def _reason(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("error_description", ["the redirect has no code"])[0]
