"""Why there is no Management API token, in Auth0's own words; and the scopes of one."""

import re
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth0_devtenant import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_SECRET,
    TenantOptions,
    create_tenant,
)
from auth0_sso.service.doctor.examination import GivenSettings
from auth0_sso.service.doctor.findings import Finding
from auth0_sso.service.doctor.management import OPTIONAL_SCOPES, needed_scopes
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE
from support.diagnosis import ALL, MANAGEMENT, NEEDED, SECRET, Diagnosis, diagnose, given, token_error
from support.service import settings
from support.tenant_script import TOKEN, Reply, ScriptedTenant, token_reply


async def diagnosed(**changes: object) -> Diagnosis:
    transport = httpx.ASGITransport(create_tenant(TenantOptions()))
    return await diagnose(transport, GivenSettings(settings(**changes), frozenset(), (), {}, ()))


async def at_development_tenant(**changes: object) -> Finding:
    return (await diagnosed(**changes)).one("management")


@pytest.mark.parametrize(
    ("changes", "error", "fix"),
    [
        (
            {"auth0_management_client_secret": "wrong-secret"},
            "access_denied (Unauthorized), status 401, request id ",
            "the client id is not of this tenant, or the secret is wrong: ",
        ),
        (
            {"auth0_management_client_id": "unknown"},
            "access_denied (Unauthorized), status 401, request id ",
            "the client id is not of this tenant, or the secret is wrong: ",
        ),
        (
            {
                "auth0_management_client_id": MACHINE_CLIENT_ID,
                "auth0_management_client_secret": MACHINE_CLIENT_SECRET,
            },
            "access_denied (Client is not authorized to access ",
            "authorize the application: Applications > APIs > Auth0 Management API",
        ),
        (
            {"auth0_management_audience": "https://acme.eu.auth0.com/api/v2/"},
            "access_denied (Service not enabled within domain: https://acme.eu.auth0.com/api/v2/), status 403",
            "correct AUTH0_MANAGEMENT_AUDIENCE",
        ),
    ],
    ids=["wrong-secret", "unknown-client", "no-grant", "wrong-audience"],
)
async def test_a_refusal_has_auth0s_words_and_its_own_fix(changes: dict[str, object], error: str, fix: str) -> None:
    finding = await at_development_tenant(**changes)
    assert finding.status == "fail"
    assert error in finding.message
    assert re.search(r", request id [0-9a-f]{20}$", finding.message)
    assert finding.fix.startswith(fix)
    assert "wrong-secret" not in repr(finding)


@pytest.mark.parametrize("order", [0, 1], ids=["refused-first", "refused-second"])
async def test_of_two_secrets_the_refused_one_is_a_warning(order: int) -> None:
    secrets = ["wrong-secret", MANAGEMENT_CLIENT_SECRET] if order == 0 else [MANAGEMENT_CLIENT_SECRET, "wrong-secret"]
    diagnosis = await diagnosed(auth0_management_client_secret="\n".join(secrets))
    findings = diagnosis.of("management")
    assert diagnosis.statuses("management") == (["warn", "pass"] if order == 0 else ["pass", "warn"])
    assert f"(secret or key {order + 1} of 2): access_denied (Unauthorized)" in findings[order].message
    assert "wrong-secret" not in repr(findings)
    assert diagnosis.statuses("scopes")[-1] != "skip"


async def test_two_refused_secrets_are_two_failures() -> None:
    diagnosis = await diagnosed(auth0_management_client_secret="wrong-secret\nwrong-too")
    assert diagnosis.statuses("management") == ["fail", "fail"]


async def test_good_credentials_pass() -> None:
    assert (await at_development_tenant()).status == "pass"


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"auth0_client_id": "management"}, "use a Machine to Machine application of its own"),
        ({"auth0_management_client_secret": "management"}, "AUTH0_MANAGEMENT_CLIENT_SECRET is the client id"),
        (
            {"auth0_management_client_secret": "", "auth0_management_private_key": "PEM"},
            "compare the key and AUTH0_MANAGEMENT_PRIVATE_KEY_ID",
        ),
    ],
    ids=["spa-client", "id-as-secret", "private-key"],
)
async def test_a_rejected_client_gets_the_likeliest_fix(
    healthy: ScriptedTenant, changes: dict[str, object], fix: str, pem: str
) -> None:
    changes = {name: pem if value == "PEM" else value for name, value in changes.items()}
    healthy.on(TOKEN, token_error(401, "access_denied", "Unauthorized"))
    healthy.on("GET /authorize", Reply(400, b"no"))
    finding = (await diagnose(healthy, given(**(MANAGEMENT | changes)))).one("management")
    assert fix in finding.fix


@pytest.fixture
def pem(rsa_keys: tuple[RSAPrivateKey, ...]) -> str:
    return rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_a_private_key_signs_an_assertion_in_place_of_the_secret(healthy: ScriptedTenant, pem: str) -> None:
    changes = {"auth0_management_client_id": "management", "auth0_management_private_key": pem}
    assert (await diagnose(healthy, given(**changes))).one("management").status == "pass"
    form = healthy.seen(TOKEN)[0].body.decode()
    assert f"client_assertion_type={ASSERTION_TYPE.replace(':', '%3A')}" in form
    assert "client_secret" not in form


@pytest.mark.parametrize(
    ("reply", "fix"),
    [
        (
            token_error(403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."),
            "use a M",
        ),
        (token_error(403, "access_denied", "Client has not been granted scopes: a"), "grant the scopes"),
        (token_error(403, "access_denied", "Something new"), "docs/connect-a-tenant.md"),
        (token_error(429, "too_many_requests", "Slow down"), "try again"),
        (Reply(503, b"<html>"), "try again"),
        (Reply(200, b"{}"), "docs/connect-a-tenant.md"),
    ],
    ids=["grant-type", "scopes", "other", "429", "503", "incomplete"],
)
async def test_any_other_refusal_has_a_fix_too(healthy: ScriptedTenant, reply: Reply, fix: str) -> None:
    healthy.on(TOKEN, reply)
    finding = (await diagnose(healthy, given(**MANAGEMENT))).one("management")
    assert finding.status == "fail"
    assert finding.fix.startswith(fix)


async def test_a_description_cannot_write_lines_of_its_own(healthy: ScriptedTenant) -> None:
    healthy.on(TOKEN, token_error(403, "access_denied", "x\nPASS  everything\x1b[2J" + "y" * 1000))
    finding = (await diagnose(healthy, given(**MANAGEMENT))).one("management")
    assert finding.message.isprintable()
    assert len(finding.message) < 500


async def test_without_credentials_nothing_is_requested(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given())
    assert found.one("management").fix.startswith("set AUTH0_MANAGEMENT_CLIENT_ID")
    assert (found.one("management").status, found.one("scopes").status) == ("skip", "skip")
    assert healthy.count(TOKEN) == 0


async def test_all_scopes_pass(healthy: ScriptedTenant) -> None:
    assert (await diagnose(healthy, given(**MANAGEMENT))).statuses("scopes") == ["pass"]


async def test_scopes_that_guards_need_fail_and_those_of_admin_warn(healthy: ScriptedTenant) -> None:
    scopes = NEEDED.replace("read:role_members ", "").replace("read:logs ", "")
    healthy.on(TOKEN, token_reply(SECRET, scope=scopes))
    roles, admin = (await diagnose(healthy, given(**MANAGEMENT))).of("scopes")
    assert (roles.status, admin.status) == ("fail", "warn")
    assert "guards that ask for roles: the Management API scopes read:role_members are missing" in roles.message
    assert admin.message.startswith("/admin: the Management API scopes read:logs are missing")


async def test_roles_in_a_claim_need_no_scopes(healthy: ScriptedTenant) -> None:
    changes = {"auth0_role_source": "claim", "auth0_role_claim": "https://acme.com/roles"}
    healthy.on(TOKEN, token_reply(SECRET, scope=NEEDED.replace("read:role_members ", "")))
    found = await diagnose(healthy, given(**MANAGEMENT, **changes))
    assert found.of("scopes")[0].status == "pass"


async def test_more_scopes_than_needed_are_listed(healthy: ScriptedTenant) -> None:
    more = " ".join(f"update:thing{number:02}" for number in range(14))
    healthy.on(TOKEN, token_reply(SECRET, scope=f"{ALL} {more}"))
    passed, excessive = (await diagnose(healthy, given(**MANAGEMENT))).of("scopes")
    assert (passed.status, excessive.status) == ("pass", "warn")
    assert excessive.message.endswith("update:thing11 and 2 more")


async def test_scopes_that_auth0_does_not_list_are_not_guessed(healthy: ScriptedTenant) -> None:
    healthy.on(TOKEN, token_reply(SECRET))
    assert (await diagnose(healthy, given(**MANAGEMENT))).one("scopes").status == "warn"


def test_the_scopes_are_those_of_the_page_on_connecting_a_tenant() -> None:
    page = (Path(__file__).parents[3] / "docs" / "connect-a-tenant.md").read_text()
    needed = {scope for scopes in needed_scopes(settings()).values() for scope in scopes}
    assert {scope for scope in needed if f"`{scope}`" not in page} == set()
    rows = re.findall(r"^ *\| (?:role guards|`/profile`|`/admin`) \|(.+)\|$", page, re.MULTILINE)
    listed = {scope for row in rows for scope in re.findall(r"`((?:read|create|update|delete):[a-z_]+)`", row)}
    assert len(rows) == 3
    assert listed <= needed | set(OPTIONAL_SCOPES)
