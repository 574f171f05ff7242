"""/oauth/revoke (RFC 7009)."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET

from .visitor import Visitor

WEB = {"client_id": WEB_CLIENT_ID, "client_secret": WEB_CLIENT_SECRET}


async def refresh_token(visitor: Visitor) -> str:
    return str((await visitor.redeem(await visitor.code())).json()["refresh_token"])


async def test_a_revoked_refresh_token_ends_with_all_of_its_login(visitor: Visitor) -> None:
    first = await refresh_token(visitor)
    current = (await visitor.refresh(first)).json()["refresh_token"]
    answer = await visitor.client.post("oauth/revoke", data={"client_id": SPA_CLIENT_ID, "token": first})
    assert (answer.status_code, answer.content) == (200, b"")
    refused = await visitor.refresh(current)
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_grant")


async def test_a_token_of_another_client_is_answered_the_same_and_stays_valid(visitor: Visitor) -> None:
    token = await refresh_token(visitor)
    for attempt in (token, "unknown"):
        answer = await visitor.client.post("oauth/revoke", json=WEB | {"token": attempt})
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await visitor.refresh(token)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"client_id": SPA_CLIENT_ID}, 400, "invalid_request"),
        ({"token": "x"}, 401, "access_denied"),
        (WEB | {"client_secret": "wrong", "token": "x"}, 401, "access_denied"),
    ],
)
async def test_a_request_without_token_or_client_is_refused(
    visitor: Visitor, body: dict[str, str], status: int, error: str
) -> None:
    answer = await visitor.client.post("oauth/revoke", json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
