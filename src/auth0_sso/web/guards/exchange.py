"""Calls of the next service on behalf of a route's caller, whose own token the route does not see."""

from collections.abc import AsyncGenerator, Generator
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from auth0_sso.calling.exchange import ExchangedToken, TokenExchange
from auth0_sso.calling.origins import Origins
from auth0_sso.http.client import httpx
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.authentication import credentials_of, services_of, verified_token


class CallerExchange:
    """Exchanges the verified token of one request: `await exchange(audience, scope)`."""

    def __init__(self, exchange: TokenExchange, token: AccessToken, text: str) -> None:
        """Take what exchanges tokens, the caller's token, and its text."""
        self._exchange = exchange
        self._token = token
        self._text = text

    async def __call__(self, audience: str, scope: str = "") -> ExchangedToken:
        """Return a token for the API `audience`, for the caller; raises what `TokenExchange.exchange` raises."""
        return await self._exchange.exchange(self._token, self._text, audience, scope)

    def auth(self, audience: str, scope: str = "") -> "OnBehalfOf":
        """Return an `httpx.Auth` that sends such a token: `await client.get(url, auth=exchange.auth(audience))`."""
        return OnBehalfOf(self, audience, scope)


class OnBehalfOf(httpx.Auth):
    """Sends an exchanged token with the requests of an `httpx.AsyncClient` to one origin, the first that is asked."""

    def __init__(self, exchange: CallerExchange, audience: str, scope: str) -> None:
        """Take the exchange of the request, the API's identifier, and the scopes."""
        self._exchange = exchange
        self._audience, self._scope = audience, scope
        self._origins = Origins()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the token with a request."""
        self._origins.require(request.url)
        token = await self._exchange(self._audience, self._scope)
        request.headers["Authorization"] = f"Bearer {token.text}"
        yield request

    def sync_auth_flow(self, _: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Raise `RuntimeError`: it would be sent without a token."""
        raise RuntimeError("an exchange needs an httpx.AsyncClient")


async def get_exchange(connection: HTTPConnection) -> CallerExchange:
    """Return what exchanges the token of a request; raises what a guard raises for one without a valid token."""
    token = await verified_token(connection)
    return CallerExchange(services_of(connection).exchange, token, read_bearer_token(credentials_of(connection)))


Exchange = Annotated[CallerExchange, Depends(get_exchange)]
"""The exchange of the caller's token, for a route that calls another API on the caller's behalf."""
