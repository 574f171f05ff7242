"""Tokens of `auth0_sso.testing`, through the real verifier and a real guard."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from auth0_sso import testing
from auth0_sso.errors import InvalidTokenError
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.testing.issuer import issuer_of_process
from auth0_sso.tokens.claims import AccessToken, TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier

BROKEN = {name: value for name in testing.__all__ if isinstance(value := getattr(testing, name), testing.BrokenToken)}


async def verified(text: str) -> AccessToken:
    keys = StaticKeys(issuer_of_process().jwks("key-0"))
    policy = TokenPolicy(testing.ISSUER, frozenset({testing.AUDIENCE}), leeway=10)
    return await TokenVerifier(keys, policy, clock=testing.HandClock()).verify(text)


def claims_in(text: str) -> dict[str, Any]:
    part = text.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def test_a_token_says_what_it_was_asked_to_say() -> None:
    text = testing.token(
        "auth0|ann", permissions={"read:orders"}, scopes={"openid", "email"}, organization="org_1", locale="de"
    )
    token = await verified(text)
    assert (token.subject, token.organization, token.claims["locale"]) == ("auth0|ann", "org_1", "de")
    assert (token.permissions, token.scopes) == (frozenset({"read:orders"}), frozenset({"openid", "email"}))
    assert not token.is_machine
    assert token.expires_at == token.issued_at + 86_400 == testing.HandClock().now + 86_400


async def test_a_token_asked_for_nothing_allows_nothing() -> None:
    token = await verified(testing.token())
    assert (token.subject, token.permissions, token.scopes) == (testing.SUBJECT, frozenset(), frozenset())
    assert token.organization is None


async def test_claims_replace_those_of_the_kit_and_an_ellipsis_removes_one() -> None:
    claims = claims_in(testing.token("auth0|ann", exp=..., azp="my-client"))
    assert "exp" not in claims
    assert (claims["azp"], claims["sub"]) == ("my-client", "auth0|ann")


async def test_a_machine_token_has_no_user_behind_it() -> None:
    token = await verified(testing.machine_token("robot", permissions={"read:orders"}))
    assert (token.is_machine, token.client_id, token.subject) == (True, "robot", "robot@clients")
    assert token.permissions == {"read:orders"}


def test_one_string_is_not_taken_for_several_names() -> None:
    with pytest.raises(TypeError, match="permissions takes a set or list of names"):
        testing.token(permissions="read:orders")


def test_all_broken_tokens_are_tested() -> None:
    assert len(BROKEN) == 12


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_token_is_refused_for_its_own_reason(name: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        await verified(BROKEN[name](permissions={"read:orders"}))
    assert caught.value.reason == BROKEN[name].reason


@pytest.mark.parametrize("name", [name for name in BROKEN if name != "opaque"])
def test_a_broken_token_is_good_but_for_one_thing(name: str) -> None:
    good = claims_in(testing.token("auth0|ann", permissions={"read:orders"}, organization="org_1"))
    broken = claims_in(BROKEN[name]("auth0|ann", permissions={"read:orders"}, organization="org_1"))
    assert len(set(map(str, good.items())) - set(map(str, broken.items()))) <= 2
    assert broken["org_id"] == "org_1"


async def test_a_process_makes_one_key_and_signs_all_with_it() -> None:
    assert issuer_of_process() is issuer_of_process()
    assert (await verified(testing.token())).subject == (await verified(testing.token())).subject
