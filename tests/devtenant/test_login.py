import pytest

from auth0_sso.devtenant import LoginError, fetch_machine_token, fetch_user_token
from support.devtenant import ADMIN, REDIRECT_URI, Visitor, segments


async def test_a_person_gets_a_token_and_leaves_no_session_behind(visitor: Visitor) -> None:
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
    "change",
    [{"password": "wrong"}, {"audience": "https://other.example.com"}, {"redirect_uri": "https://evil.example.com/"}],
    ids=repr,
)
async def test_a_refused_login_says_why(visitor: Visitor, change: dict[str, str]) -> None:
    values = {
        "email": ADMIN.email,
        "password": ADMIN.password,
        "audience": visitor.options.audience,
        "redirect_uri": REDIRECT_URI,
    }
    with pytest.raises(LoginError):
        await fetch_user_token(visitor.client, visitor.options.issuer, **(values | change))


async def test_a_machine_gets_a_token_or_auth0s_words(visitor: Visitor) -> None:
    issuer = visitor.options.issuer
    assert await fetch_machine_token(visitor.client, issuer, audience=visitor.options.audience)
    with pytest.raises(LoginError, match="Unauthorized"):
        await fetch_machine_token(visitor.client, issuer, audience=visitor.options.audience, client_secret="wrong")
