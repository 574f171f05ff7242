"""Seeds: what a file may hold, what is derived, and what is refused."""

from pathlib import Path

import pytest

from auth0_devtenant import (
    MACHINE_CLIENT_ID,
    Application,
    Seed,
    SeedError,
    TenantOptions,
    create_tenant,
    read_seed,
)
from auth0_devtenant.state import Tenant

SHOP = """
[[apis]]
identifier = "https://orders.example.com"
token_lifetime = 600
permissions = { "read:orders" = "Read orders", "write:orders" = "Write orders" }

[[apis]]
identifier = "https://stock.example.com"
permissions = { "read:stock" = "Read stock" }

[[applications]]
name = "Shop"
client_id = "shop"
callback_urls = ["https://shop.example.com/callback"]

[[applications]]
name = "Robot"
app_type = "non_interactive"
grants = { "https://stock.example.com" = ["read:stock"] }

[[roles]]
name = "clerk"
permissions = ["read:orders"]

[[people]]
email = "ann@example.com"
roles = ["clerk"]
permissions = { "https://stock.example.com" = ["read:stock"] }

[[organizations]]
name = "acme"
members = { "ann@example.com" = ["clerk"] }
"""


def written(folder: Path, text: str, name: str = "seed.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def tenant_of(seed: Seed) -> Tenant:
    tenant = create_tenant(TenantOptions(seed=seed)).state.tenant
    assert isinstance(tenant, Tenant)
    return tenant


def test_a_file_replaces_people_and_apis_and_adds_applications(tmp_path: Path) -> None:
    tenant = tenant_of(read_seed(written(tmp_path, SHOP)))
    (ann,) = tenant.state.users.values()
    assert ann.document["email"] == "ann@example.com"
    assert tenant.permission_names(ann, "https://orders.example.com") == ["read:orders"]
    assert tenant.permission_names(ann, "https://stock.example.com") == ["read:stock"]
    assert tenant.state.clients["shop"].callback_urls == ("https://shop.example.com/callback",)
    assert MACHINE_CLIENT_ID in tenant.state.clients
    (acme,) = tenant.state.organizations.values()
    assert acme.members == {ann.user_id: (ann.role_ids[0],)}


def test_derived_ids_and_secrets_are_the_same_at_each_start(tmp_path: Path) -> None:
    first, second = (tenant_of(read_seed(written(tmp_path, SHOP))).state for _ in range(2))
    assert first.clients == second.clients
    assert first.users.keys() == second.users.keys()
    assert first.roles.keys() == second.roles.keys()
    assert first.organizations == second.organizations


def test_a_public_application_has_no_secret() -> None:
    assert Application(name="Shop").client_secret == ""
    assert Application(name="Shop", app_type="regular_web").client_secret.startswith("development-only-")


def test_without_apis_and_people_the_built_in_ones_stay(tmp_path: Path) -> None:
    seed = read_seed(written(tmp_path, '{"applications": [{"name": "Shop"}]}', "seed.json"))
    assert [person.email for person in seed.people] == [
        "admin@example.com",
        "manager@example.com",
        "user@example.com",
    ]
    assert seed.apis[0].identifier == "https://api.example.com"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[people]]\nemail = 1", "people.0.email"),
        ("[[people]]\nemail = 'a@b.example'\nroles = ['boss']", "person a@b.example: unknown role: boss"),
        ("[[people]]\nemail = 'a@b.example'\nhobby = 'chess'", "people.0.hobby"),
        ("[[people]]\nemail = 'a@b.example'\n[[people]]\nemail = 'A@b.example'", "email given twice: a@b.example"),
        ("[[roles]]\nname = 'clerk'\npermissions = ['read:mail']", "role clerk: unknown permission: read:mail"),
        ("[[organizations]]\nname = 'acme'\nmembers = { 'x@b.example' = [] }", "unknown person: x@b.example"),
        ("[[apis]]\nidentifier = 'x'\ntoken_lifetime = 0", "apis.0.token_lifetime"),
        ("applications = 3", "applications"),
        ("connections = 3", "connections"),
        ("apis = 3", "apis"),
        ("[[people", "at end of document"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SeedError) as refused:
        read_seed(written(tmp_path, text))
    assert problem in str(refused.value)
    assert str(tmp_path / "seed.toml") in str(refused.value)


def test_a_missing_file_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="No such file"):
        read_seed(tmp_path / "seed.toml")
    with pytest.raises(SeedError, match=r"ends with .toml or .json"):
        read_seed(written(tmp_path, "people: []", "seed.yaml"))
