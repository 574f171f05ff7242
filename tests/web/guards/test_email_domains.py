"""Users by the domain of their email address: verified ones alone, of the profile or of claims."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Depends, FastAPI

from auth0_sso import protect, require_email_domain
from auth0_sso.testing import client, settings
from auth0_sso.testing.app_under_test import AppUnderTest
from auth0_sso.web.checks.email_domains import domain_of

ANN, NAMESPACE = "auth0|ann", "https://example.com/"
MISSING = "This needs an email address."
UNVERIFIED = "Verify your email address first."
MISMATCH = "This is not for the domain of your email address."


@pytest.fixture
def api() -> Iterator[AppUnderTest]:
    app = FastAPI()
    protect(app)

    @app.get("/profile", dependencies=[Depends(require_email_domain("example.com", "Example.org"))])
    async def read_by_profile() -> None:
        """Be open to two domains, as the profile says."""

    @app.get("/claims", dependencies=[Depends(require_email_domain("example.com", namespace=NAMESPACE))])
    async def read_by_claims() -> None:
        """Be open to one domain, as the token says."""

    with client(app) as started:
        yield started


def claims(email: object, verified: object = True) -> dict[str, Any]:
    return {f"{NAMESPACE}email": email, f"{NAMESPACE}email_verified": verified}


@pytest.mark.parametrize("email", ["ann@example.com", "ann@example.org", "Ann@EXAMPLE.COM", "a+b@example.com"])
def test_verified_addresses_of_the_domains_pass(api: AppUnderTest, email: str) -> None:
    api.tenant.add_user(ANN, email=email, email_verified=True)
    assert api.as_user(ANN).get("/profile").status_code == 200


HOSTILE = [
    "ann@example.net",
    "ann@sub.example.com",
    "ann@notexample.com",
    "ann@example.com.evil.net",
    "ann@example.com.",
    "ann@example.com@evil.net",
    "ann@evil.net@example.com",
    '"ann@evil.net"@example.com',
    "ann@evil.net\n@example.com",
    "ann @example.com",
    "ann@\u212aexample.com",
    "ann@ex\u0430mple.com",
    "@example.com",
    "example.com",
    "",
]


@pytest.mark.parametrize("email", HOSTILE)
def test_other_domains_and_ambiguous_addresses_are_refused(api: AppUnderTest, email: str) -> None:
    api.tenant.add_user(ANN, email=email, email_verified=True)
    refused = api.as_user(ANN).get("/profile")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["detail"] == MISMATCH
    assert api.as_user(ANN, **claims(email)).get("/claims").json()["detail"] == MISMATCH


@pytest.mark.parametrize("verified", [False, None])
def test_an_address_that_is_not_verified_is_refused(api: AppUnderTest, verified: object) -> None:
    api.tenant.add_user(ANN, email="ann@example.com", email_verified=verified)
    refused = api.as_user(ANN).get("/profile")
    assert (refused.status_code, refused.json()["detail"]) == (403, UNVERIFIED)


def test_claims_pass_without_a_call_of_the_tenant(api: AppUnderTest) -> None:
    assert api.as_user(ANN, **claims("ann@example.com")).get("/claims").status_code == 200
    assert not [request for request in api.tenant.requests if "users" in request]


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({}, MISSING),
        (claims(["ann@example.com"]), MISSING),
        (claims("ann@example.com", "true"), UNVERIFIED),
        (claims("ann@example.com", 1), UNVERIFIED),
        ({f"{NAMESPACE}email": "ann@example.com"}, UNVERIFIED),
        ({"email": "ann@example.com", "email_verified": True}, MISSING),
        (claims("ann@example.net"), MISMATCH),
    ],
)
def test_claims_are_taken_as_they_are_and_by_their_whole_name(
    api: AppUnderTest, said: dict[str, Any], detail: str
) -> None:
    api.tenant.add_user(ANN, email="ann@example.com", email_verified=True)
    refused = api.as_user(ANN, **said).get("/claims")
    assert (refused.status_code, refused.json()["detail"]) == (403, detail)


def test_the_claims_of_a_token_do_not_count_where_the_profile_does(api: AppUnderTest) -> None:
    api.tenant.add_user(ANN, email="ann@example.net", email_verified=True)
    assert api.as_user(ANN, **claims("ann@example.com")).get("/profile").status_code == 403


@pytest.mark.parametrize("path", ["/profile", "/claims"])
def test_a_machine_has_no_email_address(api: AppUnderTest, path: str) -> None:
    refused = api.as_machine(**claims("ann@example.com")).get(path)
    assert refused.status_code == 403
    assert "token of a user" in refused.json()["detail"]


def test_a_blocked_and_a_deleted_user_are_refused(api: AppUnderTest) -> None:
    api.tenant.add_user(ANN, email="ann@example.com", email_verified=True, blocked=True)
    deleted = api.as_user("auth0|gone")
    del api.tenant.users["auth0|gone"]
    for client_ in (api.as_user(ANN), deleted):
        refused = client_.get("/profile")
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert "not known any more, or is blocked" in refused.json()["detail"]


def test_an_address_counts_for_five_seconds_after_it_changed(api: AppUnderTest) -> None:
    api.tenant.add_user(ANN, email="ann@example.com", email_verified=True)
    ann = api.as_user(ANN)
    assert ann.get("/profile").status_code == 200
    api.tenant.add_user(ANN, email="ann@example.net", email_verified=True)
    assert ann.get("/profile").status_code == 200
    api.advance(5.1)
    assert ann.get("/profile").status_code == 403


def test_an_outage_of_the_tenant_is_not_the_callers_fault(api: AppUnderTest) -> None:
    api.tenant.add_user(ANN, email="ann@example.com", email_verified=True)
    api.tenant.fail(status=503)
    assert api.as_user(ANN).get("/profile").status_code == 503
    assert api.as_user(ANN, **claims("ann@example.com")).get("/claims").status_code == 200


def test_without_the_management_api_nothing_passes_by_profile() -> None:
    app = FastAPI()
    protect(app)
    app.get("/x", dependencies=[Depends(require_email_domain("example.com"))])(lambda: None)
    chosen = settings(auth0_management_client_id="", auth0_management_client_secret="")
    with client(app, settings=chosen) as api:
        refused = api.as_user(ANN).get("/x")
    assert (refused.status_code, refused.json()["code"]) == (503, "management_not_configured")


def test_no_token_is_asked_for_its_address(api: AppUnderTest) -> None:
    assert api.as_anonymous().get("/profile").status_code == 401


@pytest.mark.parametrize(
    "domains", [(), ("",), ("@example.com",), ("example",), ("*.example.com",), ("ex\u00e4mple.de",)]
)
def test_a_guard_without_a_real_domain_is_refused(domains: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="one or more domains"):
        require_email_domain(*domains)


def test_a_domain_is_what_follows_the_only_at_sign() -> None:
    assert domain_of("a.b+c'd@Example.COM") == "example.com"
    assert [email for email in HOSTILE if domain_of(email) == "example.com"] == []
