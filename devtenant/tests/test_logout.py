"""/v2/logout and /oidc/logout."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions

from . import seeds
from .visitor import ADMIN, REDIRECT_URI, Visitor, query_of

HOME = "http://127.0.0.1:3000/"


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


async def is_logged_in(visitor: Visitor) -> bool:
    return "code" in query_of(await visitor.authorize(prompt="none"))


async def id_token_of(visitor: Visitor) -> str:
    return str((await visitor.redeem(await visitor.code())).json()["id_token"])


async def test_a_client_without_return_to_gets_its_first_logout_url(visitor: Visitor) -> None:
    await visitor.log_in()
    answer = await visitor.client.get("v2/logout", params={"client_id": "web", "federated": ""})
    assert answer.headers["Location"] == f"{seeds.ORIGIN}/web"
    assert not await is_logged_in(visitor)


@pytest.mark.parametrize("client_id", ["web", "unknown", ""])
async def test_return_to_must_be_a_logout_url_of_the_client(visitor: Visitor, client_id: str) -> None:
    await visitor.log_in()
    answer = await visitor.client.get("v2/logout", params={"client_id": client_id, "returnTo": HOME})
    assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert await is_logged_in(visitor)


async def test_an_id_token_hint_logs_out_at_once_and_keeps_the_state(visitor: Visitor) -> None:
    hint = await id_token_of(visitor)
    query = {"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": "a b"}
    answer = await visitor.client.get("oidc/logout", params=query)
    assert answer.headers["Location"] == f"{HOME}?state=a+b"
    assert not await is_logged_in(visitor)


async def test_an_expired_id_token_hint_is_accepted(visitor: Visitor) -> None:
    hint = await id_token_of(visitor)
    visitor.clock.now += 86_400
    answer = await visitor.client.get("oidc/logout", params={"id_token_hint": hint})
    assert answer.headers["Location"] == HOME
    assert not await is_logged_in(visitor)


async def test_a_logout_hint_with_the_session_logs_out_at_once(visitor: Visitor) -> None:
    sid = (await visitor.id_token())["sid"]
    query = {"client_id": SPA_CLIENT_ID, "logout_hint": sid, "post_logout_redirect_uri": HOME}
    assert (await visitor.client.get("oidc/logout", params=query)).headers["Location"] == HOME
    assert not await is_logged_in(visitor)


@pytest.mark.parametrize("hint", [{}, {"logout_hint": "ses_other"}])
async def test_a_logout_without_a_matching_hint_asks_first(visitor: Visitor, hint: dict[str, str]) -> None:
    await visitor.log_in()
    query = {"client_id": SPA_CLIENT_ID, "post_logout_redirect_uri": HOME} | hint
    page = await visitor.client.get("oidc/logout", params=query)
    assert (page.status_code, ADMIN.email in page.text) == (200, True)
    assert await is_logged_in(visitor)
    confirmed = await visitor.client.get("oidc/logout", params=query | {"confirm": "yes"})
    assert confirmed.status_code == 200, "a link alone confirmed the logout"
    answer = await visitor.client.post("oidc/logout", params=query, data=query | {"confirm": "yes"})
    assert answer.headers["Location"] == HOME
    assert not await is_logged_in(visitor)


async def test_a_logout_without_a_session_redirects(visitor: Visitor) -> None:
    query = {"client_id": SPA_CLIENT_ID, "post_logout_redirect_uri": HOME}
    assert (await visitor.client.get("oidc/logout", params=query)).headers["Location"] == HOME


async def test_a_logout_that_names_nothing_ends_at_a_page(visitor: Visitor) -> None:
    answer = await visitor.client.get("oidc/logout")
    assert (answer.status_code, "You are logged out" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "change",
    [
        {"post_logout_redirect_uri": "https://evil.example.com/"},
        {"post_logout_redirect_uri": REDIRECT_URI},
        {"client_id": "web"},
        {"client_id": "unknown"},
        {"logout_hint": "ses_other"},
        {"id_token_hint": "x.y.z"},
        {"id_token_hint": "e30.e30.AA"},
    ],
    ids=str,
)
async def test_a_logout_request_that_contradicts_itself_is_refused(visitor: Visitor, change: dict[str, str]) -> None:
    query = {"id_token_hint": await id_token_of(visitor), "post_logout_redirect_uri": HOME} | change
    answer = await visitor.client.get("oidc/logout", params=query)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert await is_logged_in(visitor)
