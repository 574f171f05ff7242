"""Who is a machine: what a token shows of its subject, for Auth0's profiles and for other issuers."""

from typing import Any

import pytest

from auth0_sso.clock import WallTime
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, user_claims
from auth0_sso.tokens.claims import TokenPolicy, validate
from support.token_cases import NOW

POLICY = TokenPolicy(ISSUER, frozenset({AUDIENCE}))
RFC_9068: dict[str, Any] = {"azp": ..., "client_id": "app"}


def is_machine(**claims: Any) -> bool:  # noqa: ANN401 - JSON
    return validate(user_claims(NOW, **claims), POLICY, WallTime(NOW)).is_machine


@pytest.mark.parametrize(
    "claims",
    [
        {"gty": "client-credentials"},
        {"gty": "client-credentials", "sub": "app@clients"},
        {"sub": "app@clients"},
        {"sub": "app@clients", "amr": ["pwd"]},
        {"sub": "app", "azp": "app"},
        {"sub": "app", "azp": "app", "gty": "password"},
        RFC_9068 | {"sub": "app"},
        RFC_9068 | {"sub": "app@clients"},
        RFC_9068 | {"sub": "app", "auth_time": NOW, "amr": ["pwd"], "acr": "1"},
        {"sub": "a|b", "azp": "a|b"},
    ],
    ids=str,
)
def test_what_shows_a_machine_outweighs_what_shows_a_user(claims: dict[str, Any]) -> None:
    assert is_machine(**claims)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"gty": "password"},
        {"sub": "samlp|idp|name@example.com"},
        {"sub": "auth0|someone@clients"},
        {"sub": "johndoe", "gty": "password"},
        {"sub": "johndoe", "gty": "refresh_token"},
        {"sub": "johndoe", "amr": ["pwd"]},
        {"sub": "johndoe", "azp": ..., "amr": []},
        RFC_9068 | {"sub": "johndoe", "auth_time": NOW},
        RFC_9068 | {"sub": "johndoe", "acr": "1"},
    ],
    ids=str,
)
def test_a_user_is_recognized_with_and_without_a_bar_in_the_subject(claims: dict[str, Any]) -> None:
    assert not is_machine(**claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "johndoe"},
        {"sub": "johndoe", "azp": ...},
        {"sub": "johndoe", "gty": "other"},
        {"sub": "agt_1", **RFC_9068},
    ],
    ids=str,
)
def test_a_token_that_shows_neither_has_no_user(claims: dict[str, Any]) -> None:
    assert is_machine(**claims)
