"""Our API in front of issuers that are not Auth0, unmodified: their tokens are verified as strictly as Auth0's."""

import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from support.issuer_api import AUDIENCE, api
from support.node import Program, program
from support.visitor import Visitor

pytestmark = pytest.mark.usefixtures("node_js")

ALGORITHMS = ("RS256", "PS256", "ES256")
SECRET = "development-only"
CALLBACK = "https://app.example.com/callback"

Exercise = Callable[[str, str], None]


@contextmanager
def started(name: str, **environment: str) -> Iterator[Program]:
    with program(name, AUDIENCE=AUDIENCE, CLIENT_SECRET=SECRET, REDIRECT_URI=CALLBACK, **environment) as running:
        yield running


@pytest.fixture(scope="module", params=["", "/"], ids=["without-slash", "with-slash"])
def provider(request: pytest.FixtureRequest) -> Iterator[Program]:
    with started("oidc-provider.mjs", ISSUER_SLASH=request.param, AMR="1") as running:
        yield running


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def mock_server(request: pytest.FixtureRequest) -> Iterator[Program]:
    with started("oauth2-mock-server.mjs", ALGORITHM=request.param) as running:
        yield running


def settings(issuer: Program, *algorithms: str) -> dict[str, object]:
    return {
        "auth0_algorithms": algorithms or ALGORITHMS,
        "auth0_issuer_trailing_slash": str(issuer.ready["issuer"]).endswith("/"),
    }


def granted(issuer: Program, client_id: str, **grant: str) -> str:
    answer = httpx.post(f"{issuer.url}/token", data=grant | {"client_id": client_id, "client_secret": SECRET})
    return str(answer.raise_for_status().json()["access_token"])


def machine_token(issuer: Program, client_id: str) -> str:
    return granted(issuer, client_id, grant_type="client_credentials", scope="read:data")


def rotate(issuer: Program) -> None:
    httpx.post(f"{issuer.url}/rotate").raise_for_status()


def user_token(issuer: Program, client_id: str) -> str:
    """Log in through the forms of oidc-provider, with the authorization code flow and PKCE."""
    verifier = secrets.token_urlsafe(32)
    query = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "resource": AUDIENCE,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with Visitor("johndoe", "any") as visitor:
        back = visitor.visit(f"{issuer.url}/auth?{urlencode(query)}", until=CALLBACK)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    proof = {"code_verifier": verifier, "redirect_uri": CALLBACK, "resource": AUDIENCE}
    return granted(issuer, client_id, grant_type="authorization_code", code=code, **proof)


async def data_for(client: httpx.AsyncClient, token: str) -> str:
    answer = await client.get("/api/data", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["data"][0] if answer.is_success else answer.json()["code"])


async def test_oidc_provider_issues_tokens_for_machines_and_users(provider: Program, exercise: Exercise) -> None:
    exercise("oidc-provider", "the API accepts tokens of machines and users signed with RS256, PS256 and ES256")
    async with api(provider.url, **settings(provider)) as client:
        for algorithm in ALGORITHMS:
            assert await data_for(client, machine_token(provider, f"machine-{algorithm}")) == "for a machine"
            assert await data_for(client, user_token(provider, f"web-{algorithm}")) == "for a user"


async def test_only_the_algorithms_of_the_settings_are_accepted(
    provider: Program, caplog: pytest.LogCaptureFixture
) -> None:
    async with api(provider.url, **settings(provider, "RS256")) as client:
        assert await data_for(client, machine_token(provider, "machine-RS256")) == "for a machine"
        with caplog.at_level(logging.INFO):
            for algorithm in ("PS256", "ES256"):
                assert await data_for(client, machine_token(provider, f"machine-{algorithm}")) == "invalid_token"
    assert caplog.text.count("refusal=alg_not_allowed") == 2


async def test_oidc_provider_rotates_its_keys(
    provider: Program, exercise: Exercise, caplog: pytest.LogCaptureFixture
) -> None:
    exercise("oidc-provider", "new keys are fetched and withdrawn ones refused when it rotates them")
    async with api(provider.url, **settings(provider)) as client:
        before = [machine_token(provider, f"machine-{algorithm}") for algorithm in ALGORITHMS]
        assert [await data_for(client, token) for token in before] == ["for a machine"] * 3
        rotate(provider)
        after = [machine_token(provider, f"machine-{algorithm}") for algorithm in ALGORITHMS]
        assert [await data_for(client, token) for token in after] == ["for a machine"] * 3
        with caplog.at_level(logging.INFO):
            assert [await data_for(client, token) for token in before] == ["invalid_token"] * 3
    assert caplog.text.count("refusal=kid_unknown") == 3


async def test_an_issuer_without_a_slash_is_not_trusted_by_default(caplog: pytest.LogCaptureFixture) -> None:
    with started("oidc-provider.mjs") as running, caplog.at_level(logging.INFO):
        async with api(running.url) as client:
            assert await data_for(client, machine_token(running, "machine-RS256")) == "invalid_token"
    assert "iss_mismatch" in caplog.text


async def test_users_without_authentication_claims_count_as_machines() -> None:
    with started("oidc-provider.mjs") as running:
        async with api(running.url, **settings(running)) as client:
            assert await data_for(client, user_token(running, "web-RS256")) == "for a machine"


async def test_oauth2_mock_server_issues_tokens_for_machines_and_users(
    mock_server: Program, exercise: Exercise
) -> None:
    exercise("oauth2-mock-server", "the API accepts tokens of machines and users signed with RS256 and ES256")
    user = granted(mock_server, "app", grant_type="password", username="johndoe", password="any")
    async with api(mock_server.url, **settings(mock_server)) as client:
        assert await data_for(client, machine_token(mock_server, "worker")) == "for a machine"
        assert await data_for(client, user) == "for a user"
        assert await data_for(client, user[:-4]) == "invalid_token"
