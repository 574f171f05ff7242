import pytest

from support.environment import load, problems

pytestmark = pytest.mark.usefixtures("clean_environment")

CUSTOM = {
    "AUTH0_ISSUER_BASE_URL": "https://login.example.com/",
    "AUTH0_MANAGEMENT_BASE_URL": "https://acme.eu.auth0.com/",
    "AUTH0_MANAGEMENT_AUDIENCE": "https://acme-canonical.eu.auth0.com/api/v2/",
}
FOREIGN = [
    ("https://acme.eu.auth0.com/userinfo", "names {issuer}userinfo, "),
    ("https://acme.eu.auth0.com/UserInfo/", "names {issuer}userinfo, "),
    ("https://login.example.com/userinfo", "names {issuer}userinfo, "),
    ("https://acme.eu.auth0.com/api/v2/", "names the Management API, "),
    ("https://ACME.eu.auth0.com/api/v2", "names the Management API, "),
    ("https://login.example.com/api/v2/", "names the Management API, "),
    ("https://acme-canonical.eu.auth0.com/api/v2/", "names the Management API, "),
    ("https://acme.eu.auth0.com/", "names the issuer, "),
    ("https://acme.eu.auth0.com", "names the issuer, "),
    ("https://Login.Example.com", "names the issuer, "),
    ("https://acme.eu.auth0.com/mfa/", "names {issuer}mfa/, "),
    ("https://acme.eu.auth0.com/me/", "names {issuer}me/, "),
    ("https://login.example.com/my-org/", "names {issuer}my-org/, "),
]


@pytest.mark.parametrize(("audience", "reason"), FOREIGN, ids=[audience for audience, _ in FOREIGN])
def test_no_audience_lets_tokens_for_auth0s_own_apis_pass(
    monkeypatch: pytest.MonkeyPatch, audience: str, reason: str
) -> None:
    (problem,) = problems(monkeypatch, AUTH0_AUDIENCE=f"https://api.example.com,{audience}", **CUSTOM)
    assert problem.startswith(f"AUTH0_AUDIENCE {reason}")
    assert audience not in problem


def test_the_issuer_that_follows_from_the_domain_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems(monkeypatch, AUTH0_AUDIENCE="https://acme.eu.auth0.com/userinfo")
    assert problem.startswith("AUTH0_AUDIENCE names {issuer}userinfo, ")


@pytest.mark.parametrize(
    "variables",
    [
        {"AUTH0_CLIENT_ID": "client"},
        {"AUTH0_MANAGEMENT_CLIENT_ID": "client", "AUTH0_MANAGEMENT_CLIENT_SECRET": "word"},
        {"AUTH0_ALLOWED_CLIENTS": "other,client"},
    ],
    ids=["client", "management client", "allowed client"],
)
def test_no_audience_lets_id_tokens_pass(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    (problem,) = problems(monkeypatch, AUTH0_AUDIENCE="https://api.example.com,client", **variables)
    assert problem.startswith("AUTH0_AUDIENCE names a client id, ")


@pytest.mark.parametrize("audience", ["https://login.example.com/api", "https://acme.eu.auth0.com/orders", "orders"])
def test_an_api_of_ones_own_may_be_named_like_the_tenant(monkeypatch: pytest.MonkeyPatch, audience: str) -> None:
    assert load(monkeypatch, AUTH0_AUDIENCE=audience, **CUSTOM).auth0_audience == (audience,)


def test_an_audience_is_a_problem_beside_those_of_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = problems(
        monkeypatch, AUTH0_AUDIENCE="https://acme.eu.auth0.com/userinfo", PORT="x", AUTH0_ALLOWED_CLIENTS=","
    )
    assert {each.split(" ")[0] for each in reported} == {"AUTH0_AUDIENCE", "PORT", "AUTH0_ALLOWED_CLIENTS"}


@pytest.mark.parametrize("claim", ["sub", "aud", "scope", "permissions", "org_id", "azp"])
def test_roles_do_not_come_from_a_claim_of_another_meaning(monkeypatch: pytest.MonkeyPatch, claim: str) -> None:
    (problem,) = problems(monkeypatch, AUTH0_ROLE_SOURCE="claim", AUTH0_ROLE_CLAIM=claim)
    assert problem.startswith("AUTH0_ROLE_CLAIM names a standard claim, which does not hold roles: ")


def test_roles_may_be_in_the_roles_claim_of_rfc_9068(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, AUTH0_ROLE_SOURCE="claim", AUTH0_ROLE_CLAIM="roles").auth0_role_claim == "roles"
