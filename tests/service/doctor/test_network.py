import pytest

from support.diagnosis import CALLBACK, CLIENT, MANAGEMENT, diagnose, given
from support.tenant_script import ScriptedTenant, json_reply

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a setting's value


async def test_without_origins_no_page_may_call(healthy: ScriptedTenant) -> None:
    assert (await diagnose(healthy, given())).one("cors").status == "skip"


async def test_a_plain_origin_is_warned_of_unless_it_is_here(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given(cors_allowed_origins="http://app.acme.com,http://localhost:5173"))
    assert found.one("cors").message.startswith("http://app.acme.com is plain http")
    assert (await diagnose(healthy, given(cors_allowed_origins="http://localhost"))).statuses("cors") == ["pass"]


async def test_an_origin_that_the_application_lacks_is_warned_of(healthy: ScriptedTenant) -> None:
    healthy.on(CLIENT, json_reply({"callbacks": [CALLBACK], "web_origins": ["https://a.acme.com"]}))
    origins = "https://a.acme.com,https://b.acme.com"
    settings = given(**MANAGEMENT, auth0_client_id="spa-client", cors_allowed_origins=origins)
    warned, passed = (await diagnose(healthy, settings)).of("cors")
    assert (warned.status, passed.status) == ("warn", "pass")
    assert warned.message.startswith("https://b.acme.com may call this API, and not log in")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"trusted_proxies": "10.0.0.0/8", "host": EVERYWHERE}, "pass"),
        ({"host": "127.0.0.1"}, "pass"),
        ({"host": "localhost"}, "pass"),
        ({"host": EVERYWHERE}, "warn"),
        ({"host": "api.internal"}, "warn"),
    ],
)
async def test_an_open_address_without_trusted_proxies_is_warned_of(
    healthy: ScriptedTenant, changes: dict[str, str], status: str
) -> None:
    finding = (await diagnose(healthy, given(**changes))).one("proxies")
    assert finding.status == status
    assert ("TRUSTED_PROXIES" in finding.fix) == (status == "warn")
