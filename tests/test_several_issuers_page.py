"""docs/several-issuers.md: what it writes into AUTH0_ISSUERS is read as it says."""

import json

from auth0_sso import Settings
from auth0_sso.settings.issuers import OF_A_TENANT
from support.document import Document

PAGE = Document.read("several-issuers.md")


def test_the_urls_of_the_page_are_domains_of_the_tenant() -> None:
    (block,) = PAGE.commands
    values = dict(line.split("=", 1) for line in block.splitlines())
    settings = Settings.of(**{name.lower(): value for name, value in values.items()})
    assert settings.issuers == (
        "https://your-tenant.eu.auth0.com/",
        "https://login.example.com/",
        "https://login.example.org/",
    )


def test_the_object_of_the_page_is_another_tenant() -> None:
    (block,) = [code for language, code in PAGE.blocks if language == "json"]
    settings = Settings.of(
        auth0_domain="new-tenant.eu.auth0.com", auth0_audience="https://api.example.com", auth0_issuers=block
    )
    (other,) = settings.other_tenants
    assert settings.all_issuers == (
        "https://new-tenant.eu.auth0.com/",
        "https://login.example.com/",
        "https://old-tenant.eu.auth0.com/",
        "https://old-login.example.com/",
    )
    assert other.auth0_audience == ("https://old-api.example.com",)
    assert other.has_management
    assert json.loads(block)[1].keys() <= {name.removeprefix("auth0_") for name in OF_A_TENANT}


def test_the_page_names_every_member_of_an_object() -> None:
    missing = [name for name in OF_A_TENANT if f"`{name.removeprefix('auth0_')}`" not in PAGE.text]
    assert missing == []
