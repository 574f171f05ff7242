"""AUTH0_ISSUERS: other domains of the tenant, and other tenants."""

import json
from pathlib import Path

import pytest

from auth0_sso import Settings
from auth0_sso.errors import ConfigurationError
from auth0_sso.settings.issuers import without_credentials
from support.logged_secrets import EVENTS_TOKEN

OTHER = {
    "domain": "old.eu.auth0.com",
    "management_client_id": "old-client",
    "management_client_secret": "old-secret-0123456789",
}

THIRD = {"domain": "third.eu.auth0.com"}


def settings(issuers: object, **changes: object) -> Settings:
    values: dict[str, object] = {"auth0_domain": "new.eu.auth0.com", "auth0_audience": "https://api.example.com"}
    text = issuers if isinstance(issuers, str) else json.dumps(issuers)
    return Settings.of(**(values | changes), auth0_issuers=text)


def fault(issuers: object, **changes: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        settings(issuers, **changes)
    (problem,) = refused.value.problems
    return problem


def test_without_the_setting_there_is_one_issuer() -> None:
    assert settings("").all_issuers == ("https://new.eu.auth0.com/",)
    assert settings("").other_tenants == ()


@pytest.mark.parametrize(
    "issuers",
    [
        "https://login.example.com/,https://LOGIN.example.org",
        " https://login.example.com , https://login.example.org/ ,",
        ["https://login.example.com", "https://login.example.org"],
    ],
)
def test_urls_are_other_domains_of_the_tenant(issuers: object) -> None:
    chosen = settings(issuers)
    assert chosen.issuers == (
        "https://new.eu.auth0.com/",
        "https://login.example.com/",
        "https://login.example.org/",
    )
    assert chosen.other_tenants == ()


def test_domains_have_the_trailing_slash_that_the_tenants_issuer_has() -> None:
    chosen = settings("https://login.example.com/", auth0_issuer_trailing_slash=False)
    assert chosen.issuers == ("https://new.eu.auth0.com", "https://login.example.com")


def test_an_object_is_another_tenant_with_settings_of_its_own() -> None:
    own = {"audience": ["https://old-api.example.com"], "algorithms": "PS256", "issuers": ["https://l.example.com"]}
    (other,) = settings([OTHER | own], auth0_leeway_seconds=3).other_tenants
    assert other.issuers == ("https://old.eu.auth0.com/", "https://l.example.com/")
    assert (other.auth0_audience, other.auth0_algorithms) == (("https://old-api.example.com",), ("PS256",))
    assert other.auth0_management_audience == "https://old.eu.auth0.com/api/v2/"
    assert other.auth0_management_client_secret.get_secret_value() == "old-secret-0123456789"
    assert other.auth0_leeway_seconds == 3, "what a tenant has not of its own is that of the first"
    assert other.other_tenants == ()


def test_another_tenant_has_the_same_audience_unless_it_says_so_and_never_the_same_credentials() -> None:
    first = {"auth0_management_client_id": "new-client", "auth0_management_client_secret": "new-secret-0123456789"}
    (other,) = settings([{"domain": "old.eu.auth0.com"}], auth0_allowed_clients="spa", **first).other_tenants
    assert other.auth0_audience == ("https://api.example.com",)
    assert other.auth0_allowed_clients == ("spa",), "it is not less strict than the first"
    assert not other.has_management


def test_each_issuers_keys_have_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    chosen = settings(["https://login.example.com", OTHER], auth0_jwks_cache_file=path)
    (other,) = chosen.other_tenants
    files = [chosen.jwks_cache_file_of(issuer) for issuer in chosen.issuers]
    files += [other.jwks_cache_file_of(issuer) for issuer in other.issuers]
    assert files[0] == path
    assert len(set(files)) == 3
    assert all(file is not None and file.parent == tmp_path and file.suffix == ".json" for file in files)


@pytest.mark.parametrize(
    ("issuers", "words"),
    [
        ("login.example.com", "is not a URL"),
        ("https://login.example.com/tenant", "has a path"),
        ("http://login.example.com/", "is plain http"),
        ("https://new.eu.auth0.com", "names an issuer twice"),
        ("https://a.example.com,https://A.example.com/", "names an issuer twice"),
        ([{"domain": "new.eu.auth0.com"}], "names an issuer twice"),
        ([OTHER, OTHER], "names an issuer twice"),
        ([OTHER, {"domain": "old.eu.auth0.com:443"}], "names an issuer twice"),
        ([{"domain": "new.eu.auth0.com", "issuer_base_url": "https://a.example.com"}], "names a tenant twice"),
        ('[{"domain": "a.eu.auth0.com", "domain": "b.eu.auth0.com"}]', "has a member twice"),
        ([OTHER | {"allowed_clients": []}], "whose allowed_clients name none"),
        ([OTHER | {"issuers": '[{"domain": "third.eu.auth0.com"}]'}], "whose issuers are not URLs"),
        ("[", "is not a JSON array"),
        ("[" * 100_000, "is not a JSON array"),
        ([7], "neither a URL nor an object"),
        ([{"domian": "old.eu.auth0.com"}], "a member that is none of domain, issuer_base_url"),
        ([{}], "AUTH0_DOMAIN is missing"),
        ([OTHER | {"audience": "https://old.eu.auth0.com/userinfo"}], "AUTH0_AUDIENCE names {issuer}userinfo"),
        ([OTHER | {"algorithms": "HS256"}], "AUTH0_ALGORITHMS names a shared-secret algorithm"),
        ([OTHER | {"management_client_secret": ""}], "are not set together"),
        ([OTHER | {"issuers": [{"domain": "third.eu.auth0.com"}]}], "whose issuers are not URLs"),
        (
            [OTHER | {"events_token": EVENTS_TOKEN}, THIRD | {"events_token": EVENTS_TOKEN}],
            "has an events_token that is another",
        ),
        ([f"https://a{number}.example.com" for number in range(20)], "more than 20 issuers"),
        ([OTHER | {"issuers": [f"https://a{number}.example.com" for number in range(19)]}], "more than 20 issuers"),
    ],
    ids=str,
)
def test_issuers_that_cannot_be_used_are_refused_without_a_secret(issuers: object, words: str) -> None:
    problem = fault(issuers)
    assert problem.startswith("AUTH0_ISSUERS ")
    assert words in problem
    assert "old-secret" not in problem


def test_an_events_token_of_the_first_tenant_is_refused_for_another() -> None:
    assert "has an events_token" in fault([OTHER | {"events_token": EVENTS_TOKEN}], auth0_events_token=EVENTS_TOKEN)
    (other,) = settings([OTHER | {"events_token": EVENTS_TOKEN}], auth0_events_token=EVENTS_TOKEN[::-1]).other_tenants
    assert other.auth0_events_token.get_secret_value() == EVENTS_TOKEN


def test_an_audience_that_is_an_api_of_auth0_at_another_domain_is_refused() -> None:
    problem = fault("https://login.example.com/", auth0_audience="https://login.example.com/userinfo")
    assert "names a domain, and of that AUTH0_AUDIENCE names {issuer}userinfo" in problem


def test_where_another_setting_is_refused_the_issuers_are_not_blamed() -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings([OTHER], auth0_audience="")
    assert [problem.split()[0] for problem in refused.value.problems] == ["AUTH0_AUDIENCE"]


def test_without_credentials_no_tenant_has_a_management_api() -> None:
    text = without_credentials(json.dumps(["https://login.example.com", OTHER | {"audience": "https://old"}]))
    bare = settings(text)
    assert bare.issuers[1:] == ("https://login.example.com/",)
    (other,) = bare.other_tenants
    assert (other.has_management, other.auth0_audience) == (False, ("https://old",))
    assert "secret" not in text


def test_no_text_of_the_settings_shows_the_secrets() -> None:
    chosen = settings([OTHER])
    assert "old-secret" not in repr(chosen) + str(chosen) + repr(chosen.other_tenants)
