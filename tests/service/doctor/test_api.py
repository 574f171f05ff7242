from urllib.parse import parse_qs

import pytest

from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import AUDIENCE, json_part
from support.diagnosis import (
    APIS,
    AUTHORIZE,
    MANAGEMENT,
    NEEDED,
    SECRET,
    api,
    diagnose,
    given,
    redirect,
    token_error,
)
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, token_reply

UNKNOWN = token_error(403, "access_denied", f"Service not enabled within domain: {AUDIENCE}")
NO_GRANT = token_error(403, "access_denied", f'Client is not authorized to access "{AUDIENCE}". You need to')
OWN = token_reply(SECRET, scope=NEEDED)


async def test_an_api_that_is_as_it_should_be_passes(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given(**MANAGEMENT))
    assert found.one("api").message == f"the tenant has the API {AUDIENCE}"
    assert found.one("signing-algorithm").message == "the API signs with RS256"
    assert found.one("rbac").status == "pass"


@pytest.mark.parametrize("identifier", [f"{AUDIENCE}/", AUDIENCE.upper()])
async def test_an_identifier_that_nearly_fits_is_named(healthy: ScriptedTenant, identifier: str) -> None:
    healthy.on(APIS, json_reply({"resource_servers": [api(identifier=identifier)]}))
    finding = (await diagnose(healthy, given(**MANAGEMENT))).one("api")
    assert finding.status == "fail"
    assert finding.fix.startswith(f"set AUTH0_AUDIENCE={identifier},")


async def test_an_api_that_does_not_exist_fails(healthy: ScriptedTenant) -> None:
    healthy.on(APIS, json_reply([api(identifier="https://other.example.com")]))
    found = await diagnose(healthy, given(**MANAGEMENT))
    assert (found.one("api").status, found.one("api").message) == ("fail", f"the tenant has no API {AUDIENCE}")
    assert found.one("signing-algorithm").status == "skip"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"signing_alg": "HS256"}, "fail", "the API signs with HS256, a shared secret"),
        ({"signing_alg": "PS256"}, "fail", "the API signs with PS256, and AUTH0_ALGORITHMS is RS256"),
    ],
)
async def test_a_signing_algorithm_that_is_not_accepted_fails(
    healthy: ScriptedTenant, changes: dict[str, str], status: str, words: str
) -> None:
    healthy.on(APIS, json_reply([api(**changes)]))
    finding = (await diagnose(healthy, given(**MANAGEMENT))).one("signing-algorithm")
    assert (finding.status, finding.message) == (status, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enforce_policies": False}, "RBAC is off: guards that ask for permissions refuse every token"),
        ({"token_dialect": "access_token"}, "RBAC is on, and access tokens do not carry permissions"),
    ],
)
async def test_rbac_that_is_off_is_warned_of(healthy: ScriptedTenant, changes: dict[str, object], words: str) -> None:
    healthy.on(APIS, json_reply([api(**changes)]))
    finding = (await diagnose(healthy, given(**MANAGEMENT))).one("rbac")
    assert (finding.status, finding.message) == ("warn", words)
    assert finding.fix.startswith("enable RBAC and Add Permissions in the Access Token: Applications > APIs")


@pytest.mark.parametrize(
    ("replies", "status", "words"),
    [
        ([NO_GRANT], "pass", f"the tenant has the API {AUDIENCE}"),
        ([token_reply("api-token")], "pass", f"the tenant has the API {AUDIENCE}"),
        ([UNKNOWN, NO_GRANT], "fail", f"the tenant's API is {AUDIENCE}/, and AUTH0_AUDIENCE is {AUDIENCE}"),
        ([UNKNOWN, UNKNOWN], "fail", f"the tenant has no API {AUDIENCE}"),
        ([token_error(429, "too_many_requests", "")], "warn", "is not known"),
    ],
    ids=["no-grant", "granted", "slash", "unknown", "429"],
)
async def test_without_the_list_of_apis_the_token_endpoint_tells(
    healthy: ScriptedTenant, replies: list[object], status: str, words: str
) -> None:
    healthy.on(TOKEN, OWN, *replies)  # type: ignore[arg-type]  # replies
    found = await diagnose(healthy, given(**MANAGEMENT))
    assert found.one("api").status == status
    assert words in found.one("api").message
    assert healthy.count(APIS) == 0


@pytest.mark.parametrize("order", [0, 1], ids=["refused-first", "refused-second"])
async def test_the_api_is_looked_up_with_the_secret_that_is_accepted(healthy: ScriptedTenant, order: int) -> None:
    refused = token_error(401, "access_denied", "Unauthorized")
    healthy.on(TOKEN, *((refused, OWN) if order == 0 else (OWN, refused)), NO_GRANT)
    secrets = {"auth0_management_client_secret": "\n".join((SECRET, f"{SECRET}-2"))}
    found = await diagnose(healthy, given(**MANAGEMENT | secrets))
    assert (found.one("api").status, found.one("api").message) == ("pass", f"the tenant has the API {AUDIENCE}")
    last = parse_qs(healthy.seen(TOKEN)[-1].body.decode())
    assert last["client_secret"] == [f"{SECRET}-2" if order == 0 else SECRET]


async def test_a_slash_too_many_is_found_too(healthy: ScriptedTenant) -> None:
    healthy.on(TOKEN, OWN, UNKNOWN, NO_GRANT)
    found = await diagnose(healthy, given(**MANAGEMENT, auth0_audience=(f"{AUDIENCE}/",)))
    assert found.one("api").fix == f"set AUTH0_AUDIENCE={AUDIENCE}"


@pytest.mark.parametrize(
    "reply", [error_reply(500), Reply(200, b"<html>"), json_reply({})], ids=["500", "html", "{}"]
)
async def test_a_list_that_cannot_be_read_is_not_taken_for_an_empty_one(
    healthy: ScriptedTenant, reply: Reply
) -> None:
    healthy.on(APIS, reply)
    healthy.on(TOKEN, token_reply(SECRET), NO_GRANT)
    assert (await diagnose(healthy, given(**MANAGEMENT))).one("api").status == "pass"


async def test_more_apis_than_a_page_has_are_not_taken_for_all(healthy: ScriptedTenant) -> None:
    healthy.on(APIS, json_reply([api(identifier=f"urn:{number}") for number in range(100)]))
    healthy.on(TOKEN, token_reply(SECRET), NO_GRANT)
    assert (await diagnose(healthy, given(**MANAGEMENT))).one("api").status == "pass"


async def test_authorize_says_that_there_is_no_such_api(healthy: ScriptedTenant) -> None:
    healthy.on(AUTHORIZE, redirect(f"error=access_denied&error_description=Service+not+found%3A+{AUDIENCE}"))
    found = await diagnose(healthy, given(auth0_client_id="spa-client"))
    assert (found.one("api").status, found.one("api").message) == ("fail", f"the tenant has no API {AUDIENCE}")


async def test_what_cannot_be_known_says_how_to_check_it(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given())
    assert (found.one("api").status, found.one("rbac").status) == ("warn", "warn")
    assert "read:resource_servers" in found.one("api").fix
    assert "auth0-sso doctor --token -" in found.one("rbac").fix
    assert found.one("signing-algorithm").status == "skip"


async def test_a_token_shows_permissions_and_algorithm(healthy: ScriptedTenant, forge: Forge) -> None:
    found = await diagnose(healthy, given(), token=forge.token())
    assert (found.one("rbac").status, found.one("signing-algorithm").status) == ("pass", "pass")
    assert found.one("token").message == "the given token is accepted"
    without = await diagnose(healthy, given(), token=forge.token(permissions=...))
    assert without.one("rbac").message.startswith("the given token has no permissions claim")


async def test_a_token_with_a_shared_secret_shows_the_api(healthy: ScriptedTenant, forge: Forge) -> None:
    token = f"{json_part({'alg': 'HS256', 'typ': 'JWT'})}.{json_part(forge.claims())}.c2lnbmF0dXJl"
    found = await diagnose(healthy, given(), token=token)
    assert found.one("signing-algorithm").message == "the API signs with HS256, a shared secret"
    refused = found.one("token")
    assert (refused.status, refused.message) == ("fail", "the given token is refused (alg_symmetric)")
    assert "RS256" in refused.fix
    assert "c2lnbmF0dXJl" not in repr(found)
