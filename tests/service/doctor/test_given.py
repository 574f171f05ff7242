"""What is written: faults, misspelt names, placeholders; and what is still checked beside them."""

from pathlib import Path

import httpx
import pytest

from auth0_sso.service.doctor.checks import CHECKS, read_settings
from auth0_sso.service.doctor.examination import GivenSettings
from support.diagnosis import SECRET, Diagnosis, diagnose
from support.environment import GOOD

pytestmark = pytest.mark.usefixtures("clean_environment")
NO_NETWORK = httpx.MockTransport(lambda _: httpx.Response(404))


def written(content: bytes) -> GivenSettings:
    Path(".env").write_bytes(content)
    return read_settings()


async def checked(text: str) -> Diagnosis:
    return await diagnose(NO_NETWORK, written(text.encode()))


def lines(**values: str) -> str:
    return "".join(f"{name}={value}\n" for name, value in (GOOD | values).items())


async def test_settings_that_serve_refuses_fail_with_their_fix() -> None:
    found = await checked(lines(RATE_LIMIT="often", AUTH0_AUDIENCE="https://acme.eu.auth0.com/api/v2/"))
    assert found.statuses("settings") == ["fail", "fail"]
    audience, limit = found.of("settings")
    assert audience.message.startswith("AUTH0_AUDIENCE names the Management API, ")
    assert audience.fix == "write the API's identifier as Auth0 shows it (Applications, APIs)"
    assert limit.message.startswith("RATE_LIMIT is not a rate limit")
    assert found.one("audience").status == "skip"


async def test_an_audience_that_is_the_client_id_fails() -> None:
    found = await checked(lines(AUTH0_CLIENT_ID="app", AUTH0_AUDIENCE="app"))
    assert found.one("settings").message.startswith("AUTH0_AUDIENCE names a client id, ")


async def test_without_a_domain_the_rest_is_still_checked() -> None:
    found = await checked("AUTH0_DOMAIN=https://\nAUTH0_AUDIENCE=https://api.acme.com\nWORKERS=4\n")
    assert found.one("settings").message == "AUTH0_DOMAIN is not a domain"
    for check in ("domain", "issuer", "discovery"):
        assert (found.one(check).status, found.one(check).message) == ("skip", "AUTH0_DOMAIN cannot be used")
    assert found.one("audience").status == "pass"
    assert found.one("workers").status == "warn"


async def test_a_file_that_cannot_be_read_skips_all_others() -> None:
    found = await diagnose(NO_NETWORK, written(b"\xff\xfe"))
    assert found.one("settings").message == ".env, or a file among the secrets, cannot be read"
    assert {found.one(name).status for name in CHECKS} == {"skip"}


async def test_credentials_that_belong_together_are_left_out_together() -> None:
    found = await checked(lines(AUTH0_MANAGEMENT_CLIENT_ID="id"))
    assert "are not set together" in found.one("settings").message
    assert found.one("management").message == "its credentials cannot be used"


async def test_a_role_claim_without_its_source_fails_alone() -> None:
    found = await checked(lines(AUTH0_ROLE_CLAIM="https://example.com/roles"))
    assert found.one("settings").message == "AUTH0_ROLE_CLAIM and AUTH0_ROLE_SOURCE=claim are not set together"
    assert found.one("domain").status == "pass"


async def test_a_misspelt_name_is_warned_of_with_the_setting_meant() -> None:
    text = lines(AUTH0_MANAGMENT_CLIENT_ID=SECRET, AUTHO_CLIENT_ID="x", RATE_LIMTI="1/minute", AUTH0_EMPTY="x")
    found = await checked(f"{text}DATABASE_URL=x\nHOSTNAME=x\n")
    assert [(each.status, each.message.split()[0], each.fix) for each in found.of("names")] == [
        ("warn", "AUTH0_EMPTY", "remove it, unless another program reads it"),
        ("warn", "AUTH0_MANAGMENT_CLIENT_ID", "rename it to AUTH0_MANAGEMENT_CLIENT_ID"),
        ("warn", "AUTHO_CLIENT_ID", "rename it to AUTH0_CLIENT_ID"),
        ("warn", "RATE_LIMTI", "rename it to RATE_LIMIT"),
    ]


@pytest.mark.parametrize(
    "value",
    ["YOUR_CLIENT_ID", "your-client-id", "<client id>", "{yourClientId}", "changeme", "xxxxxxxx", "..."],
)
async def test_a_placeholder_fails(value: str) -> None:
    found = await checked(lines(AUTH0_CLIENT_ID=f"'{value}'".replace(" ", "-")))
    (finding,) = found.of("placeholders")
    assert finding.status == "fail"
    assert finding.message.startswith("AUTH0_CLIENT_ID is still an example's value: ")


async def test_a_tenant_of_documentation_is_a_placeholder() -> None:
    found = await checked(lines(AUTH0_DOMAIN="your-tenant.eu.auth0.com"))
    assert found.one("placeholders").message.endswith("value: your-tenant.eu.auth0.com")


async def test_a_placeholder_of_a_secret_is_not_shown() -> None:
    found = await checked(lines(AUTH0_MANAGEMENT_CLIENT_ID="id", AUTH0_MANAGEMENT_CLIENT_SECRET="YOUR-SECRET"))
    assert found.one("placeholders").message.endswith("is still an example's value: a placeholder")


async def test_what_serve_refuses_as_an_example_is_reported_once() -> None:
    found = await checked("AUTH0_DOMAIN=your-tenant.auth0.example\nAUTH0_AUDIENCE=https://api.your-company.example\n")
    assert [each.message for each in found.of("settings")] == [
        "AUTH0_DOMAIN still has the example's value",
        "AUTH0_AUDIENCE still has the example's value",
    ]
    assert found.one("placeholders").status == "skip"


async def test_settings_without_faults_pass() -> None:
    found = await checked(lines())
    assert found.one("settings").message == "every setting can be used; set are AUTH0_AUDIENCE, AUTH0_DOMAIN"
    assert (found.one("names").status, found.one("placeholders").status) == ("pass", "pass")
