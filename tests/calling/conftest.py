"""An auth for an API, the API, and the tenant that issues its tokens."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from auth0_sso import ClientCredentials, ConfidentialClient
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from support.called_api import AUDIENCE, SECRET, Api, Make, TokenEndpointScript


@pytest.fixture
def token_endpoint() -> TokenEndpointScript:
    return TokenEndpointScript()


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def make(token_endpoint: TokenEndpointScript, clock: HandClock) -> Iterator[Make]:
    """Make an auth for the API, and close all of them at the end."""
    made: list[ClientCredentials] = []

    def auth(*args: str, **options: Any) -> ClientCredentials:  # noqa: ANN401 - those of ClientCredentials
        given: dict[str, Any] = {
            "client": ConfidentialClient(ISSUER, "the-client-id", SECRET),
            "transport": httpx.MockTransport(token_endpoint),
            "clock": clock,
        } | options
        made.append(ClientCredentials(*(args or (AUDIENCE,)), **given))
        return made[-1]

    yield auth
    for each in made:
        each.close()
