"""Token exchange on behalf of a user: an API gets a token for the next API."""

from typing import Any

import httpx
import pytest

from auth0_devtenant import TenantOptions
from auth0_devtenant.seed import Api, Application, default_seed
from auth0_devtenant.state import Consent

from .visitor import ADMIN, USER, Visitor, segments

NEXT = "https://next.example.com"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def options() -> TenantOptions:
    seed = default_seed()
    first = seed.apis[0].identifier

    def api_client(client_id: str, identifier: str, audience: str, *scope: str) -> Application:
        return Application(
            name=client_id,
            client_id=client_id,
            client_secret="the-secret",
            app_type="resource_server",
            resource_server_identifier=identifier,
            grants={audience: scope},
        )

    following = Api(
        identifier=NEXT,
        token_lifetime=3600,
        permissions={"read:stock": "", "write:stock": ""},
        enforce_policies=False,
    )
    more = (
        api_client("the-api", first, NEXT, "read:stock"),
        api_client("next-api", NEXT, NEXT, "read:stock"),
    )
    update = {"apis": (*seed.apis, following), "applications": (*seed.applications, *more)}
    return TenantOptions(seed=seed.model_copy(update=update))


async def exchange(visitor: Visitor, subject: str, /, **changes: str) -> httpx.Response:
    grant = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "client_id": "the-api",
        "client_secret": "the-secret",
        "subject_token": subject,
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        "audience": NEXT,
    }
    return await visitor.client.post("oauth/token", data=grant | changes)


async def token_of_user(visitor: Visitor) -> str:
    return str((await visitor.redeem(await visitor.code())).json()["access_token"])


async def test_the_user_stays_and_the_api_is_the_actor(visitor: Visitor) -> None:
    body = (await exchange(visitor, await token_of_user(visitor))).json()
    claims = segments(body["access_token"])[1]
    assert (claims["sub"], claims["aud"], claims["azp"]) == (ADMIN.user_id, NEXT, "the-api")
    assert (claims["act"], claims["scope"]) == ({"sub": "the-api"}, "read:stock")
    assert (body["issued_token_type"], body["token_type"], "refresh_token" in body) == (ACCESS_TOKEN, "Bearer", False)


async def test_the_scope_is_limited_by_the_client_grant(visitor: Visitor) -> None:
    answer = await exchange(visitor, await token_of_user(visitor), scope="read:stock write:stock")
    assert answer.json()["scope"] == "read:stock"


async def test_the_chain_of_actors_ends_after_four(visitor: Visitor) -> None:
    token = (await exchange(visitor, await token_of_user(visitor))).json()["access_token"]
    for depth in range(2, 5):
        token = (await exchange(visitor, token, client_id="next-api")).json()["access_token"]
        assert str(segments(token)[1]["act"]).count("sub") == depth
    answer = await exchange(visitor, token, client_id="next-api")
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "invalid_request",
            "error_description": "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4",
        },
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"audience": "https://unknown.example.com"}, 403),
        ({"audience": "https://api.example.com"}, 403),
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "next-api"}, 401),
        ({"subject_token": "no.jwt.here"}, 401),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, 400),
        ({"requested_token_type": ""}, 400),
    ],
)
async def test_what_is_not_permitted_is_refused(visitor: Visitor, changes: dict[str, Any], status: int) -> None:
    answer = await exchange(visitor, await token_of_user(visitor), **changes)
    assert (answer.status_code, "access_token" in answer.json()) == (status, False)


async def test_a_blocked_user_gets_no_token_for_the_next_api(visitor: Visitor) -> None:
    token = (await visitor.redeem(await visitor.code(USER))).json()["access_token"]
    visitor.tenant.state.users[USER.user_id].document["blocked"] = True
    assert (await exchange(visitor, token)).status_code == 403


async def test_a_third_party_client_needs_the_users_consent(visitor: Visitor) -> None:
    token = await token_of_user(visitor)
    visitor.tenant.state.clients["the-api"].is_first_party = False
    answer = await exchange(visitor, token)
    assert (answer.status_code, answer.json()["error"]) == (403, "consent_required")
    visitor.tenant.state.consents["any"] = Consent("con_1", "the-api", ADMIN.user_id, NEXT, ("read:stock",))
    assert (await exchange(visitor, token)).status_code == 200
