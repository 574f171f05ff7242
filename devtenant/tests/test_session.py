"""The session's cookie where the tenant has TLS; test_authorize.py and test_prompts.py have the rest."""

import pytest

from auth0_devtenant import TenantOptions

from .visitor import USER, Visitor, query_of


@pytest.fixture
def options() -> TenantOptions:
    return TenantOptions(issuer="https://tenant.example.com/")


async def test_cookies_are_secure_if_the_issuer_has_tls(visitor: Visitor) -> None:
    challenge = await visitor.click(await visitor.authorize(), user_id=USER.user_id, second_factor="on")
    await visitor.client.get(challenge.headers["Location"])
    (login,) = visitor.tenant.state.logins.values()
    finished = await visitor.click(challenge, code=login.code)
    assert "code" in query_of(finished)
    for answer in (challenge, finished):
        (cookie,) = answer.headers.get_list("Set-Cookie")
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert attributes == {"httponly", "samesite=lax", "path=/", "secure"}
