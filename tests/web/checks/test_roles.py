"""Which roles count for a request, and how often they are looked up."""

from dataclasses import replace

import pytest

from auth0_sso.errors import InsufficientScopeError, ManagementNotConfiguredError
from auth0_sso.web.checks.roles import KnownRoles, RequiredRoles, require_user, roles_of
from auth0_sso.web.services.services import Services
from support.access_tokens import access_token
from support.noted_roles import NotedRoles

MACHINE = access_token(sub="robot@clients", gty="client-credentials")
ANY = RequiredRoles(frozenset({"admin", "owner"}))
ALL = replace(ANY, one_suffices=False)


@pytest.mark.parametrize(
    ("required", "held", "passes"),
    [
        (ANY, {"owner"}, True),
        (ANY, {"user"}, False),
        (ANY, set(), False),
        (ALL, {"owner"}, False),
        (ALL, {"owner", "admin", "user"}, True),
    ],
)
async def test_one_role_or_all_are_needed(
    services: Services, roles: NotedRoles, required: RequiredRoles, held: set[str], *, passes: bool
) -> None:
    roles.of_tenant, roles.of_member = frozenset(held), required.names
    if passes:
        await required.require(services, access_token(), {})
    else:
        with pytest.raises(InsufficientScopeError) as refused:
            await required.require(services, access_token(), {})
        assert refused.value.reason == "role_missing"
    assert roles.asked == [("tenant", False)]


async def test_a_members_roles_are_asked_for_only_if_they_can_decide(services: Services, roles: NotedRoles) -> None:
    within = replace(ALL, within_organization=True, stale_ok=True)
    roles.of_tenant = within.names
    await within.require(services, access_token(), {})
    assert roles.asked == [("tenant", True)]
    roles.of_tenant, roles.of_member = frozenset({"admin"}), frozenset({"owner"})
    await within.require(services, access_token(), {})
    assert roles.asked[1:] == [("tenant", True), ("member", True)]
    roles.of_member = frozenset()
    with pytest.raises(InsufficientScopeError):
        await within.require(services, access_token(), {})


async def test_known_roles_are_not_looked_up_again(services: Services, roles: NotedRoles) -> None:
    roles.of_tenant, roles.of_member = frozenset({"admin"}), frozenset({"member"})
    known: KnownRoles = {}
    for _ in range(2):
        assert await roles_of(services, access_token(), known) == {"admin"}
        assert await roles_of(services, access_token(), known, of_member=True) == {"member"}
        assert await roles_of(services, access_token(), known, stale_ok=True) == {"admin"}
    assert roles.asked == [("tenant", False), ("member", False)]


async def test_old_roles_are_not_taken_where_fresh_ones_are_needed(services: Services, roles: NotedRoles) -> None:
    known: KnownRoles = {}
    await roles_of(services, access_token(), known, stale_ok=True)
    await roles_of(services, access_token(), known)
    assert roles.asked == [("tenant", True), ("tenant", False)]


async def test_a_machine_has_no_roles_to_look_up(services: Services, roles: NotedRoles) -> None:
    roles.of_tenant = ANY.names
    with pytest.raises(InsufficientScopeError) as refused:
        await ANY.require(services, MACHINE, {})
    assert (refused.value.reason, roles.asked) == ("no_user", [])
    with pytest.raises(InsufficientScopeError):
        require_user(MACHINE)
    require_user(access_token())


async def test_roles_without_a_source_are_our_fault(services: Services) -> None:
    with pytest.raises(ManagementNotConfiguredError):
        await ANY.require(replace(services, roles=None), access_token(), {})
