from urllib.parse import parse_qs

import httpx
import pytest

from auth0_sso.testing.issuer import AUDIENCE, ISSUER
from support.diagnosis import AUTHORIZE, CALLBACK, CLIENT, MANAGEMENT, CutAt, diagnose, given, redirect
from support.tenant_script import DISCOVERY, Reply, ScriptedTenant, discovery_reply, error_reply, json_reply

SPA = {"auth0_client_id": "spa-client"}


async def test_the_application_is_looked_at_by_the_management_api(healthy: ScriptedTenant) -> None:
    finding = (await diagnose(healthy, given(**SPA, **MANAGEMENT))).one("callback-urls")
    assert (finding.status, finding.message) == ("pass", f"Allowed Callback URLs has {CALLBACK}")
    assert healthy.count(AUTHORIZE) == 0


async def test_a_callback_url_that_is_missing_fails(healthy: ScriptedTenant) -> None:
    healthy.on(CLIENT, json_reply({"app_type": "spa", "callbacks": ["http://127.0.0.1:3000/"]}))
    finding = (await diagnose(healthy, given(**SPA, **MANAGEMENT))).one("callback-urls")
    assert finding.status == "fail"
    assert finding.message.startswith(f"Allowed Callback URLs lacks {CALLBACK} and ")


async def test_an_application_with_a_secret_fails(healthy: ScriptedTenant) -> None:
    healthy.on(CLIENT, json_reply({"app_type": "regular_web", "callbacks": [CALLBACK]}))
    kind, callbacks = (await diagnose(healthy, given(**SPA, **MANAGEMENT))).of("callback-urls")
    assert (kind.status, callbacks.status) == ("fail", "pass")
    assert "regular_web" in kind.message


@pytest.mark.parametrize("url", ["https://api.acme.com", "https://API.acme.com/"])
async def test_the_public_address_has_a_callback_url_of_its_own(healthy: ScriptedTenant, url: str) -> None:
    healthy.on(CLIENT, json_reply({"callbacks": ["https://api.acme.com/docs/oauth2-redirect"]}))
    settings = given(**SPA, **MANAGEMENT)
    finding = (await diagnose(healthy, settings, url="https://api.acme.com/")).one("callback-urls")
    assert finding.message == "Allowed Callback URLs has https://api.acme.com/docs/oauth2-redirect"


async def test_without_the_management_api_a_silent_login_tells(healthy: ScriptedTenant) -> None:
    healthy.on(AUTHORIZE, redirect("error=login_required&error_description=Login+required"))
    found = await diagnose(healthy, given(**SPA))
    assert found.one("callback-urls").message == f"the application of AUTH0_CLIENT_ID may redirect to {CALLBACK}"
    assert found.one("api").message == f"the tenant does not refuse the API {AUDIENCE}"
    (asked,) = healthy.seen(AUTHORIZE)
    query = parse_qs(asked.query)
    assert (query["prompt"], query["redirect_uri"], query["audience"]) == (["none"], [CALLBACK], [AUDIENCE])


async def test_a_silent_login_at_an_issuer_without_a_slash_at_its_end_tells(healthy: ScriptedTenant) -> None:
    healthy.on(DISCOVERY, discovery_reply({"issuer": ISSUER.rstrip("/")}))
    healthy.on(AUTHORIZE, redirect("error=login_required"))
    found = await diagnose(healthy, given(**SPA, auth0_issuer_trailing_slash=False))
    assert found.one("callback-urls").status == "pass"
    assert healthy.count(AUTHORIZE) == 1


async def test_a_callback_mismatch_tries_localhost_and_warns(healthy: ScriptedTenant) -> None:
    healthy.on(AUTHORIZE, Reply(403, b"Callback URL mismatch."))
    finding = (await diagnose(healthy, given(**SPA))).one("callback-urls")
    assert finding.status == "warn"
    assert "auth0-sso doctor --url" in finding.fix
    assert healthy.count(AUTHORIZE) == 2


async def test_an_unknown_application_fails(healthy: ScriptedTenant) -> None:
    healthy.on(AUTHORIZE, Reply(400, b"<html>Unknown client: spa-client</html>"))
    finding = (await diagnose(healthy, given(**SPA))).one("callback-urls")
    assert (finding.status, finding.message) == ("fail", "the tenant has no application spa-client")


async def test_a_client_that_the_management_api_refuses_is_asked_for_at_authorize(healthy: ScriptedTenant) -> None:
    healthy.on(CLIENT, error_reply(403, "Insufficient scope"))
    healthy.on(AUTHORIZE, redirect("error=login_required"))
    assert (await diagnose(healthy, given(**SPA, **MANAGEMENT))).one("callback-urls").status == "pass"


async def test_an_authorize_that_does_not_answer_is_warned_of(healthy: ScriptedTenant) -> None:
    cut = CutAt("/authorize", httpx.ASGITransport(healthy))
    found = await diagnose(cut, given(**SPA))
    assert (found.one("callback-urls").status, found.one("callback-urls").message) == (
        "warn",
        "/authorize does not answer",
    )
    assert found.one("api").status == "warn"


async def test_without_a_client_id_there_is_nothing_to_check(healthy: ScriptedTenant) -> None:
    assert (await diagnose(healthy, given())).one("callback-urls").status == "skip"
    assert healthy.count(AUTHORIZE) == 0
