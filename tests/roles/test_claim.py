import pytest

from auth0_sso.clock import WallTime
from auth0_sso.errors import InsufficientScopeError
from auth0_sso.roles.claim import ClaimRoles
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy, validate

NOW = WallTime(1_800_000_000)
CLAIM = "https://example.com/roles"


def token(value: object, **others: object) -> AccessToken:
    claims = user_claims(NOW, **{CLAIM: value}, **others)
    return validate(claims, TokenPolicy(ISSUER, frozenset({AUDIENCE})), NOW)


async def test_a_claim_gives_its_roles_and_a_missing_claim_none() -> None:
    roles = ClaimRoles(CLAIM)
    assert await roles.roles_of(token(["admin", "manager"])) == {"admin", "manager"}
    assert await roles.roles_of(token([])) == set()
    assert await roles.roles_of(token(...)) == set()


async def test_invalidating_a_user_does_not_change_the_roles_in_a_claim() -> None:
    roles = ClaimRoles(CLAIM)
    await roles.invalidate(SUBJECT)
    assert await roles.roles_of(token(["admin"])) == {"admin"}


async def test_a_token_with_an_organization_gives_no_role_in_the_tenant() -> None:
    roles = ClaimRoles(CLAIM)
    inside, outside = token(["admin"], org_id="org_1"), token(["admin"])
    assert await roles.roles_of(inside) == set()
    assert await roles.organization_roles_of(inside) == {"admin"}
    assert await roles.organization_roles_of(outside) == set()


@pytest.mark.parametrize("value", [None, "admin", {"admin": True}, ["admin", 1], [["admin"]]], ids=str)
async def test_a_claim_that_is_not_a_list_of_strings_is_refused(value: object) -> None:
    with pytest.raises(InsufficientScopeError) as caught:
        await ClaimRoles(CLAIM).roles_of(token(value))
    assert caught.value.reason == "role_claim_invalid"
    assert caught.value.detail == "The roles of this token cannot be read."
    with pytest.raises(InsufficientScopeError):
        await ClaimRoles(CLAIM).organization_roles_of(token(value, org_id="org_1"))
