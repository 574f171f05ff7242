"""Auth0's own SDK and our client, against one development tenant over real sockets: both get the same results."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from auth0.management import Auth0
from auth0.management.core.api_error import ApiError

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, PEOPLE
from auth0_sso.clock import SYSTEM_CLOCK
from auth0_sso.errors import NotFoundError
from auth0_sso.management.client import ManagementClient
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import TokenRequest
from support.management_chain import management_chain
from support.process import Dev, dev
from support.service import USER, person_id

ADMIN = PEOPLE[0].user_id
NEW = {"email": "sdk@example.com", "password": "Sdk-password-1!", "connection": "Username-Password-Authentication"}


@pytest.fixture(scope="module")
def running() -> Iterator[Dev]:
    with dev() as running:
        yield running


@pytest.fixture
def sdk(running: Dev) -> Iterator[Auth0]:
    grant = {
        "grant_type": "client_credentials",
        "client_id": MANAGEMENT_CLIENT_ID,
        "client_secret": MANAGEMENT_CLIENT_SECRET,
        "audience": f"{running.tenant}api/v2/",
    }
    token = httpx.post(f"{running.tenant}oauth/token", json=grant).raise_for_status().json()["access_token"]
    with httpx.Client(trust_env=False) as client:
        yield Auth0(base_url=f"{running.tenant}api/v2", token=token, httpx_client=client)


@pytest.fixture
async def ours(running: Dev) -> AsyncIterator[ManagementClient]:
    credentials = TokenRequest(MANAGEMENT_CLIENT_ID, Proofs(MANAGEMENT_CLIENT_SECRET), f"{running.tenant}api/v2/")
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        management_chain(http, SYSTEM_CLOCK, issuer=running.tenant, credentials=credentials) as chain,
    ):
        yield chain.client


async def test_users_created_by_one_client_are_read_by_the_other(sdk: Auth0, ours: ManagementClient) -> None:
    made = sdk.users.create(**NEW)
    assert made.user_id is not None
    read = await ours.get_user(made.user_id)
    assert (read.email, read.name, read.email_verified) == (made.email, made.name, made.email_verified)
    sdk.users.update(made.user_id, user_metadata={"theme": "dark", "old": 1})
    changed = await ours.update_user_metadata(made.user_id, {"old": None, "new": True})
    assert changed.user_metadata == {"theme": "dark", "new": True}
    assert sdk.users.get(made.user_id).user_metadata == changed.user_metadata
    await ours.block_user(made.user_id)
    assert sdk.users.get(made.user_id).blocked is True
    await ours.delete_user(made.user_id)
    with pytest.raises(ApiError) as refused:
        sdk.users.get(made.user_id)
    assert refused.value.status_code == 404
    with pytest.raises(NotFoundError) as missing:
        await ours.get_user(made.user_id)
    assert missing.value.reason == "inexistent_user"


async def test_selected_fields_of_a_user_are_the_same(sdk: Auth0, ours: ManagementClient) -> None:
    theirs = sdk.users.get(person_id(USER), fields="user_id,email", include_fields=True)
    user = await ours.get_user(person_id(USER), fields=("user_id", "email"))
    assert (user.user_id, user.email, user.name) == (theirs.user_id, theirs.email, None)
    assert theirs.name is None


async def test_both_list_the_same_users_however_large_the_page(sdk: Auth0, ours: ManagementClient) -> None:
    paged = [user.user_id for user in sdk.users.list(per_page=2)]
    assert paged == [user.user_id for user in (await ours.list_users()).users]
    assert len(paged) == len(set(paged)) == len(PEOPLE)


async def test_roles_assigned_by_one_client_are_removed_by_the_other(sdk: Auth0, ours: ManagementClient) -> None:
    manager = await ours.find_role("manager")
    assert [role.id for role in sdk.roles.list(name_filter="manager")] == [manager.id]
    sdk.users.roles.assign(ADMIN, roles=[manager.id])
    assert {role.name for role in await ours.list_user_roles(ADMIN)} == {"admin", "manager"}
    assert {role.name for role in sdk.users.effective_roles.list(ADMIN)} == {"admin", "manager"}
    await ours.remove_roles(ADMIN, [manager.id])
    assert [role.name for role in sdk.users.roles.list(ADMIN)] == ["admin"]
    assert [user.user_id for user in sdk.roles.users.list((await ours.find_role("admin")).id)] == [ADMIN]


async def test_the_related_data_of_a_user_is_the_same(sdk: Auth0, ours: ManagementClient, running: Dev) -> None:
    running.token(PEOPLE[1].email)
    manager = PEOPLE[1].user_id
    (organization,) = sdk.users.organizations.list(manager)
    assert organization.id is not None
    as_member = [role.id for role in sdk.organizations.members.roles.list(organization.id, manager)]
    assert as_member == [role.id for role in await ours.list_member_roles(organization.id, manager)]
    assert len(list(sdk.users.sessions.list(manager))) == 1
    logs = [each.log_id for each in await ours.list_user_logs(manager)]
    assert logs == [each.log_id for each in sdk.users.logs.list(manager)]
    await ours.log_out_everywhere(manager)
    assert list(sdk.users.sessions.list(manager)) == []
    assert list(sdk.users.refresh_token.list(manager)) == []
