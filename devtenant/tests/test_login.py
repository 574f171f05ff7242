"""The pages of a login: one click, sign-up, other identity providers, second factor, cancel."""

import re

import httpx
import pytest

from auth0_devtenant import TenantOptions
from auth0_devtenant.authentication.request import MULTI_FACTOR
from auth0_devtenant.seed import ORGANIZATIONS
from auth0_devtenant.state import dump_state, load_state

from . import seeds
from .visitor import ADMIN, USER, Visitor, query_of, segments

(ACME,) = ORGANIZATIONS


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


async def claims_of(visitor: Visitor, answer: httpx.Response) -> dict[str, object]:
    """Return the claims of the ID token that the code of a redirect gets."""
    return segments((await visitor.redeem(query_of(answer)["code"])).json()["id_token"])[1]


async def code_on(visitor: Visitor, page: httpx.Response) -> str:
    """Return the one-time code that a page shows."""
    assert page.headers["Location"].startswith("/u/mfa-otp-challenge"), page.headers["Location"]
    shown = (await visitor.client.get(page.headers["Location"])).text
    (login,) = visitor.tenant.state.logins.values()
    assert f">{login.code}</output>" in shown
    return login.code


async def test_one_click_logs_in_without_a_password(visitor: Visitor) -> None:
    answer = await visitor.click(await visitor.authorize(), user_id=USER.user_id)
    assert (await claims_of(visitor, answer))["sub"] == USER.user_id


@pytest.mark.parametrize("user_id", ["auth0|unknown", "", "x"])
async def test_one_click_on_an_unknown_person_shows_the_form_again(visitor: Visitor, user_id: str) -> None:
    answer = await visitor.click(await visitor.authorize(), user_id=user_id)
    assert answer.status_code == 400
    assert "This person does not exist" in answer.text
    assert visitor.tenant.state.sessions == {}


async def test_a_blocked_person_is_refused_at_the_application(visitor: Visitor) -> None:
    blocked = visitor.tenant.find_by_email(seeds.BLOCKED.email)
    assert blocked is not None
    answer = query_of(await visitor.click(await visitor.authorize(), user_id=blocked.user_id))
    assert (answer["error"], answer["error_description"]) == ("unauthorized", "user is blocked")
    assert visitor.tenant.state.sessions == {}


async def test_an_organization_lists_its_members_only(visitor: Visitor) -> None:
    started = await visitor.authorize(organization=ACME.id)
    page = await visitor.client.get(started.headers["Location"])
    assert USER.email in page.text
    assert ADMIN.email not in page.text
    assert (await visitor.click(started, user_id=ADMIN.user_id)).status_code == 400


async def test_cancel_goes_back_with_access_denied(visitor: Visitor) -> None:
    started = await visitor.authorize()
    answer = query_of(await visitor.click(started, action="cancel"))
    assert answer == {
        "error": "access_denied",
        "error_description": "User did not authorize the request",
        "state": "the-state",
    }
    assert (await visitor.click(started, user_id=USER.user_id)).status_code == 400, "the login goes on after cancel"


async def test_a_login_expires_after_an_hour(visitor: Visitor) -> None:
    started = await visitor.authorize()
    visitor.clock.now += 3600
    assert (await visitor.click(started, user_id=USER.user_id)).status_code == 400
    await visitor.authorize()
    assert len(visitor.tenant.state.logins) == 1


async def test_a_sign_up_creates_the_user_and_logs_in(visitor: Visitor) -> None:
    started = await visitor.authorize(screen_hint="signup")
    answer = await visitor.click(started, email="New@example.com", password="Long-enough-1")
    claims = await claims_of(visitor, answer)
    assert claims["email"] == "new@example.com"
    assert str(claims["sub"]).startswith("auth0|")
    assert visitor.tenant.check_password("new@example.com", "Long-enough-1") is not None
    assert visitor.tenant.state.logs[-2]["type"] == "ss"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"email": ADMIN.email, "password": "Long-enough-1"}, "The user already exists."),
        ({"email": "new@example.com", "password": "long-enough"}, "The password is too weak."),
        ({"email": "new", "password": "Long-enough-1"}, "not an email address"),
    ],
)
async def test_a_refused_sign_up_says_why(visitor: Visitor, form: dict[str, str], error: str) -> None:
    answer = await visitor.click(await visitor.authorize(screen_hint="signup"), **form)
    assert answer.status_code == 400
    assert error in answer.text
    assert visitor.tenant.find_by_email("new@example.com") is None


@pytest.mark.parametrize(
    ("connection", "form"),
    [("google-oauth2", r"google-oauth2\|1[0-9]{20}"), ("acme-saml", r"samlp\|acme-saml\|ada@corp\.example")],
)
async def test_a_connection_shapes_the_user_id(visitor: Visitor, connection: str, form: str) -> None:
    chosen = await visitor.click(await visitor.authorize(), connection=connection)
    assert chosen.headers["Location"].startswith("/u/connection")
    answer = await visitor.click(chosen, email="ada@corp.example")
    claims = await claims_of(visitor, answer)
    assert re.fullmatch(form, str(claims["sub"]))
    again = await visitor.click(
        await visitor.authorize(connection=connection, prompt="login"), email="ada@corp.example"
    )
    assert (await claims_of(visitor, again))["sub"] == claims["sub"]


async def test_a_database_user_and_a_google_user_of_one_email_are_two_users(visitor: Visitor) -> None:
    answer = await visitor.click(await visitor.authorize(connection="google-oauth2"), email=ADMIN.email)
    assert (await claims_of(visitor, answer))["sub"] != ADMIN.user_id


async def test_a_company_sso_makes_its_users_members_of_the_organization(visitor: Visitor) -> None:
    started = await visitor.authorize(connection="acme-saml", organization=ACME.id)
    claims = await claims_of(visitor, await visitor.click(started, email="new@acme.example"))
    assert (claims["sub"], claims["org_id"]) == ("samlp|acme-saml|new@acme.example", ACME.id)


async def test_a_company_sso_logs_in_to_its_organization_where_one_is_required(visitor: Visitor) -> None:
    started = await visitor.authorize(client_id="members-only")
    answer = await visitor.click(await visitor.click(started, connection="acme-saml"), email="new@acme.example")
    assert visitor.tenant.state.codes[query_of(answer)["code"]].organization_id == ACME.id


async def test_a_password_is_no_way_around_the_requested_connection(visitor: Visitor) -> None:
    started = await visitor.authorize(connection="google-oauth2")
    page = started.headers["Location"].replace("/u/connection", "/u/login")
    assert 'name="password"' not in (await visitor.client.get(page)).text
    answer = await visitor.client.post(page, data={"username": ADMIN.email, "password": ADMIN.password})
    assert (answer.status_code, visitor.tenant.state.sessions) == (400, {})


async def test_a_login_goes_on_after_an_export_and_import(visitor: Visitor) -> None:
    challenge = await visitor.click(await visitor.authorize(), user_id=USER.user_id, second_factor="on")
    code = await code_on(visitor, challenge)
    visitor.tenant.state = load_state(dump_state(visitor.tenant.state))
    assert "code" in query_of(await visitor.click(challenge, code=code))


async def test_a_connection_that_the_organization_does_not_have_is_refused(visitor: Visitor) -> None:
    started = await visitor.authorize(organization=ACME.id)
    answer = await visitor.click(started, connection="google-oauth2")
    refused = await visitor.click(answer, email="x@example.com")
    assert refused.status_code == 400
    assert "not enabled for this login" in refused.text


async def test_people_with_mfa_are_asked_for_a_code(visitor: Visitor) -> None:
    started = await visitor.authorize()
    challenge = await visitor.click(started, username=seeds.MFA.email, password=seeds.MFA.password)
    assert "auth0=" not in challenge.headers["Set-Cookie"], "the session began before the second factor"
    code = await code_on(visitor, challenge)
    wrong = await visitor.click(challenge, code=f"{(int(code) + 1) % 1_000_000:06}")
    assert (wrong.status_code, "Invalid code." in wrong.text) == (400, True)
    claims = await claims_of(visitor, await visitor.click(challenge, code=f" {code[:3]} {code[3:]}"))
    assert (claims["amr"], claims["acr"]) == (["mfa"], MULTI_FACTOR)


async def test_a_second_factor_can_be_chosen_at_the_login(visitor: Visitor) -> None:
    challenge = await visitor.click(await visitor.authorize(), user_id=USER.user_id, second_factor="on")
    answer = await visitor.click(challenge, code=await code_on(visitor, challenge))
    assert (await claims_of(visitor, answer))["amr"] == ["mfa"]


async def test_a_second_factor_can_be_chosen_with_another_identity_provider(visitor: Visitor) -> None:
    chosen = await visitor.click(await visitor.authorize(), connection="google-oauth2", second_factor="on")
    challenge = await visitor.click(chosen, email="ada@example.com")
    assert challenge.headers["Location"].startswith("/u/mfa-otp-challenge")


@pytest.mark.parametrize("code", ["", "000000", "x"])
async def test_a_code_is_refused_before_the_page_has_shown_one(visitor: Visitor, code: str) -> None:
    challenge = await visitor.click(await visitor.authorize(), user_id=USER.user_id, second_factor="on")
    assert (await visitor.click(challenge, code=code)).status_code == 400
    assert visitor.tenant.state.sessions == {}


async def test_a_step_cannot_be_skipped(visitor: Visitor) -> None:
    started = await visitor.authorize(acr_values=MULTI_FACTOR, prompt="consent")
    _, _, query = started.headers["Location"].partition("?")
    for page in ("consent", "organization-picker", "select-account", "mfa-otp-challenge"):
        answer = await visitor.client.post(
            f"u/{page}?{query}", data={"action": "accept", "code": "", "account": "session"}
        )
        location = answer.headers.get("Location", "")
        assert "code=" not in location, page
        assert answer.status_code == 400 or location.startswith("/u/"), page
    assert visitor.tenant.state.sessions == {}


async def test_another_browser_cannot_go_on_after_the_first_factor(visitor: Visitor) -> None:
    challenge = await visitor.click(await visitor.authorize(), user_id=USER.user_id, second_factor="on")
    code = await code_on(visitor, challenge)
    visitor.client.cookies.clear()
    answer = await visitor.click(challenge, code=code)
    assert answer.status_code == 400
    assert "another browser" in answer.text
    assert "Set-Cookie" not in answer.headers


async def test_pages_of_unknown_logins_are_errors(visitor: Visitor) -> None:
    for page in (
        "login",
        "signup",
        "connection",
        "select-account",
        "mfa-otp-challenge",
        "organization-picker",
        "consent",
    ):
        answer = await visitor.client.get(f"u/{page}?state=unknown")
        assert (answer.status_code, "unknown or already finished" in answer.text) == (400, True), page


async def test_a_login_on_localhost_has_that_issuer(visitor: Visitor) -> None:
    visitor.client.base_url = httpx.URL("http://localhost:3001/")
    claims = await claims_of(visitor, await visitor.log_in())
    assert claims["iss"] == "http://localhost:3001/"
