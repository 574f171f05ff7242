"""The table of hostile tokens on an app under test, and the message for a wrong response to one."""

import pytest
from starlette.responses import Response

from auth0_sso import testing
from auth0_sso.testing import HostileToken, async_client, hostile_tokens
from auth0_sso.testing.hostile import REFUSED
from support.kit_app import user_app


def named(name: str) -> HostileToken:
    (found,) = (token for token in hostile_tokens() if token.id == name)
    return found


def test_the_public_table_is_the_one_of_these_tests() -> None:
    assert [token.id for token in hostile_tokens()] == [case.id for case in REFUSED]
    assert len(REFUSED) >= 150


async def test_a_hostile_token_is_refused_by_a_guard_and_passes_no_check_of_itself() -> None:
    token = named("alg-none-unsigned")
    async with async_client(user_app()) as api:
        anonymous = api.as_anonymous()
        token.assert_refused(await anonymous.get("/orders", headers=token.headers))
        with pytest.raises(AssertionError, match="the response is 200 with no challenge"):
            token.assert_refused(await anonymous.get("/open", headers=token.headers))
        with pytest.raises(AssertionError, match="basic"):
            named("basic").assert_refused(await anonymous.get("/open"))


def test_a_challenge_of_another_error_is_not_accepted() -> None:
    refusal = Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    with pytest.raises(AssertionError, match='the challenge Bearer error="invalid_token"'):
        named("expired").assert_refused(refusal)
    named("no-header").assert_refused(refusal)


def test_a_hostile_token_says_why_it_is_refused() -> None:
    token = named("scheme-alone")
    assert (token.status, token.error, token.reason) == (400, "invalid_request", "credentials_malformed")
    assert token.headers == [(b"Authorization", b"Bearer")]
    assert named("no-header").headers == []


def test_the_package_has_no_other_names_than_it_lists() -> None:
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'tokens_of'"):
        _ = testing.tokens_of  # type: ignore[attr-defined]  # what is tested
