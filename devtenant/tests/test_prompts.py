"""prompt, max_age, acr_values and the hints: which page a login shows, and what the ID token says of it."""

import pytest

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions
from auth0_devtenant.authentication.request import MULTI_FACTOR
from auth0_devtenant.seed import ORGANIZATIONS

from . import seeds
from .visitor import ADMIN, MANAGER, USER, Visitor, query_of

(ACME,) = ORGANIZATIONS


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


async def page_of(visitor: Visitor, **changes: str | None) -> str:
    """Return the path that an authorization request redirects to."""
    return (await visitor.authorize(**changes)).headers["Location"].partition("?")[0]


async def test_the_id_token_says_when_and_in_which_session(visitor: Visitor) -> None:
    first = await visitor.id_token()
    assert first["auth_time"] == int(visitor.clock.now)
    assert first["sid"].startswith("ses_")
    assert not first.keys() & {"acr", "amr", "org_id", "org_name"}
    visitor.clock.now += 60
    second = await visitor.id_token(client_id=SPA_CLIENT_ID)
    assert (second["auth_time"], second["sid"]) == (first["auth_time"], first["sid"])
    assert second["iat"] == first["iat"] + 60


async def test_the_id_token_names_the_organization(visitor: Visitor) -> None:
    claims = await visitor.id_token(USER, organization=ACME.id)
    assert (claims["org_id"], claims["org_name"]) == (ACME.id, "acme")


async def test_several_applications_share_one_session(visitor: Visitor) -> None:
    await visitor.log_in()
    answer = query_of(await visitor.authorize(client_id="web", prompt="none"))
    assert "code" in answer
    (session,) = visitor.tenant.state.sessions.values()
    assert session.client_ids == [SPA_CLIENT_ID, "web"]


async def test_a_new_login_of_the_same_user_keeps_sid_and_renews_auth_time(visitor: Visitor) -> None:
    first = await visitor.id_token()
    secret = visitor.client.cookies["auth0"]
    visitor.clock.now += 60
    second = await visitor.id_token(prompt="login")
    assert (second["sid"], second["auth_time"]) == (first["sid"], first["auth_time"] + 60)
    assert visitor.client.cookies["auth0"] != secret
    assert [*visitor.tenant.state.sessions] == [visitor.client.cookies["auth0"]]


async def test_a_login_as_another_user_ends_the_session(visitor: Visitor) -> None:
    first = await visitor.id_token()
    second = await visitor.id_token(USER, prompt="login")
    assert second["sid"] != first["sid"]
    assert len(visitor.tenant.state.sessions) == 1


async def test_a_session_ends_seven_days_after_the_login(visitor: Visitor) -> None:
    await visitor.log_in()
    visitor.clock.now += 7 * 86_400 - 1
    assert "code" in query_of(await visitor.authorize(prompt="none"))
    visitor.clock.now += 1
    assert query_of(await visitor.authorize(prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize(("max_age", "age"), [("60", 61), ("0", 0)])
async def test_max_age_asks_for_a_new_login(visitor: Visitor, max_age: str, age: int) -> None:
    await visitor.log_in()
    visitor.clock.now += age
    assert await page_of(visitor, max_age=max_age) == "/u/login"
    assert query_of(await visitor.authorize(max_age=max_age, prompt="none"))["error"] == "login_required"
    claims = await visitor.id_token(max_age=max_age)
    assert claims["auth_time"] == int(visitor.clock.now)


async def test_a_session_within_max_age_is_used(visitor: Visitor) -> None:
    await visitor.log_in()
    visitor.clock.now += 60
    assert "code" in query_of(await visitor.authorize(max_age="60"))


async def test_acr_values_ask_a_session_for_the_second_factor_only(visitor: Visitor) -> None:
    first = await visitor.id_token()
    assert (
        query_of(await visitor.authorize(acr_values=MULTI_FACTOR, prompt="none"))["error"] == "interaction_required"
    )
    started = await visitor.authorize(acr_values=MULTI_FACTOR)
    assert started.headers["Location"].startswith("/u/mfa-otp-challenge")
    await visitor.client.get(started.headers["Location"])
    (login,) = visitor.tenant.state.logins.values()
    answer = await visitor.click(started, code=login.code)
    assert "code" in query_of(answer)
    claims = await visitor.id_token()
    assert (claims["amr"], claims["acr"], claims["sid"]) == (["mfa"], MULTI_FACTOR, first["sid"])
    assert "code" in query_of(await visitor.authorize(acr_values=MULTI_FACTOR, prompt="none"))


async def test_select_account_offers_the_user_of_the_session(visitor: Visitor) -> None:
    await visitor.log_in()
    started = await visitor.authorize(prompt="select_account")
    assert ADMIN.email in (await visitor.client.get(started.headers["Location"])).text
    assert "code" in query_of(await visitor.click(started, account="session"))
    other = await visitor.click(await visitor.authorize(prompt="select_account"), account="other")
    assert other.headers["Location"].startswith("/u/login")
    await visitor.click(other, username=USER.email, password=USER.password)
    (session,) = visitor.tenant.state.sessions.values()
    assert session.user_id == USER.user_id


async def test_prompt_consent_asks_once_in_each_login(visitor: Visitor) -> None:
    await visitor.log_in()
    started = await visitor.authorize(prompt="consent")
    page = await visitor.client.get(started.headers["Location"])
    assert "Single page application" in page.text
    assert "read:data" in page.text
    assert "code" in query_of(await visitor.click(started, action="accept"))
    assert "code" in query_of(await visitor.authorize(prompt="none"))


async def test_prompt_login_and_consent_asks_for_both(visitor: Visitor) -> None:
    await visitor.log_in()
    started = await visitor.authorize(prompt="login consent")
    assert started.headers["Location"].startswith("/u/login")
    answer = await visitor.click(started, username=ADMIN.email, password=ADMIN.password)
    assert answer.headers["Location"].startswith("/u/consent")


async def test_a_third_party_application_needs_consent_for_each_new_scope(visitor: Visitor) -> None:
    await visitor.log_in()
    silent = await visitor.authorize(client_id="third-party", scope="openid", prompt="none")
    assert query_of(silent)["error"] == "consent_required"
    started = await visitor.authorize(client_id="third-party", scope="openid")
    assert "code" in query_of(await visitor.click(started, action="accept"))
    assert "code" in query_of(await visitor.authorize(client_id="third-party", scope="openid", prompt="none"))
    more = await visitor.authorize(client_id="third-party", scope="openid read:data", prompt="none")
    assert query_of(more)["error"] == "consent_required"
    other = await visitor.authorize(client_id="third-party", scope="openid", audience=None, prompt="none")
    assert query_of(other)["error"] == "consent_required", "consent for one API was taken for another"


async def test_a_declined_consent_is_access_denied(visitor: Visitor) -> None:
    await visitor.log_in()
    started = await visitor.authorize(client_id="third-party")
    answer = query_of(await visitor.click(started, action="cancel"))
    assert (answer["error"], answer["state"]) == ("access_denied", "the-state")
    assert visitor.tenant.state.consents == {}


async def test_the_user_chooses_among_his_organizations(visitor: Visitor) -> None:
    started = await visitor.authorize(client_id="members-only")
    picker = await visitor.click(started, username=MANAGER.email, password=MANAGER.password)
    assert picker.headers["Location"].startswith("/u/organization-picker")
    page = await visitor.client.get(picker.headers["Location"])
    assert "Acme" in page.text
    assert "Globex" in page.text
    refused = await visitor.click(picker, organization="org_other")
    assert (refused.status_code, "Location" in refused.headers) == (400, False)
    code = query_of(await visitor.click(picker, organization=seeds.GLOBEX.id))["code"]
    assert visitor.tenant.state.codes[code].organization_id == seeds.GLOBEX.id
    silent = query_of(await visitor.authorize(client_id="members-only", prompt="none"))
    assert visitor.tenant.state.codes[silent["code"]].organization_id == seeds.GLOBEX.id


async def test_an_organization_is_required_of_a_silent_login_too(visitor: Visitor) -> None:
    await visitor.log_in(MANAGER)
    answer = query_of(await visitor.authorize(client_id="members-only", prompt="none"))
    assert answer["error"] == "interaction_required"


async def test_a_user_without_an_organization_is_refused_where_one_is_required(visitor: Visitor) -> None:
    answer = query_of(await visitor.log_in(ADMIN, client_id="members-only"))
    assert answer["error"] == "invalid_request"
    assert answer["error_description"].startswith("client requires organization membership")


async def test_an_application_can_deny_organizations(visitor: Visitor) -> None:
    answer = query_of(await visitor.authorize(client_id="no-organizations", organization=ACME.id))
    assert answer["error_description"] == "parameter organization is not allowed for this client"


async def test_hints_choose_the_page_and_fill_it(visitor: Visitor) -> None:
    assert await page_of(visitor, screen_hint="signup") == "/u/signup"
    assert await page_of(visitor, connection="google-oauth2") == "/u/connection"
    assert await page_of(visitor, connection="Username-Password-Authentication") == "/u/login"
    started = await visitor.authorize(login_hint=USER.email)
    page = await visitor.client.get(started.headers["Location"])
    assert f'value="{USER.email}"' in page.text


async def test_a_user_blocked_after_the_login_gets_no_code(visitor: Visitor) -> None:
    await visitor.log_in(USER)
    await visitor.manage("PATCH", f"/users/{USER.user_id}", {"blocked": True})
    answer = query_of(await visitor.authorize(prompt="none"))
    assert (answer["error"], answer["error_description"]) == ("unauthorized", "user is blocked")
