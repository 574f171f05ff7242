"""`client(app)`: an app that called `protect`, started with the keys, tenant and clock of the test."""

import warnings

import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken, Settings, create_app, protect, require_permission, require_role, testing
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing import AppUnderTest, HandClock, client
from auth0_sso.tokens.claims import AccessToken
from support.kit_app import READ_ORDERS, user_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have another HTTP client
    from starlette.testclient import WebSocketDenialResponse


class RolesInDatabase:
    """A `RoleSource` of the app's own."""

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - as in RoleSource
        return frozenset({"admin"} if token.subject == "auth0|owner" else ())

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        return await self.roles_of(token, stale_ok=stale_ok)

    async def invalidate(self, subject: str) -> None:
        """Do nothing: nothing is remembered."""


@pytest.fixture
def app() -> FastAPI:
    return user_app()


@pytest.fixture
def api(app: FastAPI, clean_environment: None) -> "AppUnderTest":
    return client(app)


def test_a_user_is_let_in_without_any_environment(api: AppUnderTest) -> None:
    with api:
        assert api.as_user("auth0|ann").get("/user").json() == "auth0|ann"


def test_an_anonymous_request_is_refused(api: AppUnderTest) -> None:
    with api:
        answer = api.as_anonymous().get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "missing_token")


def test_a_permission_opens_its_route_and_no_other(api: AppUnderTest) -> None:
    with api:
        assert api.as_user(permissions={"read:orders"}).get("/orders").status_code == 200
        assert api.as_user(permissions={"read:other"}).get("/orders").status_code == 403


def test_a_machine_is_let_in_where_no_user_is_needed(api: AppUnderTest) -> None:
    with api:
        machine = api.as_machine("robot", permissions={"read:orders"})
        assert machine.get("/me").json()["client"] == "robot"
        assert machine.get("/orders").status_code == 200
        assert machine.get("/user").status_code == 403


def test_roles_are_asked_of_the_management_api(api: AppUnderTest) -> None:
    with api:
        assert api.as_user("auth0|ann", roles={"admin"}).get("/reports").status_code == 200
    assert "GET /api/v2/users/auth0%7Cann/roles" in api.tenant.requests


def test_a_token_by_itself_brings_its_roles(api: AppUnderTest) -> None:
    with api:
        assert api.as_bearer(testing.token(roles={"admin"})).get("/reports").status_code == 200


def test_each_client_has_the_roles_it_was_made_with(api: AppUnderTest) -> None:
    with api:
        admin, user = api.as_user(roles={"admin"}), api.as_user()
        got = [each.get("/reports").status_code for each in (admin, user, admin, user)]
    assert got == [200, 403, 200, 403]


def test_roles_of_a_member_are_not_those_of_the_tenant(api: AppUnderTest) -> None:
    with api:
        member = api.as_user(organization="org_1", roles={"reader"}, organization_roles={"admin"})
        assert member.get("/member-roles").json() == ["admin"]
        assert member.get("/roles").json() == ["reader"]
        assert member.get("/reports").status_code == 403


def test_a_token_of_another_time_is_refused_once_the_clock_moved(api: AppUnderTest) -> None:
    with api:
        before = api.as_user()
        api.advance(86_400 + 11)
        assert before.get("/me").status_code == 401
        assert api.as_user().get("/me").status_code == 200


@pytest.mark.parametrize("broken", [testing.expired, testing.unsigned, testing.unknown_key, testing.tampered])
def test_a_broken_token_is_refused(api: AppUnderTest, broken: testing.BrokenToken) -> None:
    with api:
        answer = api.as_bearer(broken(permissions={"read:orders"})).get("/orders")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_the_apps_own_lifespan_runs_and_its_state_reaches_routes(api: AppUnderTest) -> None:
    with api:
        assert api.as_user().get("/open").json() == "open"


def test_limits_count_and_the_clock_ends_them(api: AppUnderTest) -> None:
    with api:
        user = api.as_user()
        assert [user.get("/limited").status_code for _ in range(3)] == [200, 200, 429]
        api.advance(61)
        assert user.get("/limited").status_code == 200


def test_two_runs_of_one_app_share_nothing(app: FastAPI) -> None:
    for _ in range(2):
        with client(app) as api:
            user = api.as_user(roles={"admin"})
            assert [user.get("/limited").status_code for _ in range(3)] == [200, 200, 429]
            assert "POST /oauth/token" not in api.tenant.requests


def test_settings_given_in_code_hold_but_for_the_tenants(app: FastAPI) -> None:
    chosen = Settings.of(
        auth0_domain="acme.eu.auth0.com", auth0_audience=("urn:mine",), auth0_max_token_age_seconds=60
    )
    with client(user_app(chosen)) as api:
        user = api.as_user()
        assert user.get("/me").json()["claims"]["aud"][0] == testing.AUDIENCE
        api.advance(71)
        assert user.get("/me").status_code == 401


def test_settings_of_the_test_take_the_place_of_the_apps(app: FastAPI) -> None:
    with client(app, settings=testing.settings(auth0_allowed_clients=("mine",))) as api:
        assert api.as_user(azp="mine").get("/me").status_code == 200
        assert api.as_user(azp="other").get("/me").status_code == 401


def test_a_role_source_of_ones_own_is_asked(app: FastAPI) -> None:
    with client(app, roles=RolesInDatabase()) as api:
        assert api.as_user("auth0|owner").get("/reports").status_code == 200
        assert api.as_user("auth0|ann", roles={"admin"}).get("/reports").status_code == 403
    assert api.tenant.requests == []


def test_an_override_of_a_dependency_holds(app: FastAPI) -> None:
    app.dependency_overrides[READ_ORDERS] = require_permission("read:anything")
    with client(app) as api:
        assert api.as_user(permissions={"read:anything"}).get("/orders").status_code == 200
        assert api.as_user(permissions={"read:orders"}).get("/orders").status_code == 403


def test_the_clock_and_the_tenant_of_the_test_are_used(app: FastAPI) -> None:
    clock, tenant = HandClock(1_900_000_000), testing.Tenant()
    with client(app, clock=clock, tenant=tenant) as api:
        assert api.as_user(roles={"admin"}).get("/me").json()["claims"]["iat"] == 1_900_000_000
        assert (api.clock, api.tenant) == (clock, tenant)
        assert "auth0|" in next(iter(tenant.users))


def test_an_app_that_is_not_started_says_how_to_start_it(api: AppUnderTest) -> None:
    with pytest.raises(RuntimeError, match=r"write `with client\(app\) as api:`.*fixture `auth0_client`"):
        api.as_user()
    with pytest.raises(RuntimeError, match="the app is not started"):
        api.advance(1)


def test_an_app_that_is_stopped_serves_no_more(app: FastAPI) -> None:
    with client(app) as api:
        pass
    with pytest.raises(RuntimeError, match="the app is not started"):
        api.as_user()
    with pytest.raises(RuntimeError, match="the app is not started"):
        api.advance(1)


def test_the_error_of_an_unprotected_app_names_protect() -> None:
    with pytest.raises(RuntimeError, match=r"call auth0_sso\.protect\(app\)"):
        client(FastAPI())


@pytest.mark.usefixtures("clean_environment")
async def test_the_app_reads_its_own_settings_again_after_the_test(app: FastAPI) -> None:
    with client(app) as api:
        api.as_user().get("/me")
    assert not hasattr(app.state, "auth0_sso")
    with pytest.raises(ConfigurationError, match="AUTH0_DOMAIN is missing"):
        async with app.router.lifespan_context(app):
            pass


def test_a_socket_is_closed_as_the_clock_passes_its_tokens_end(api: AppUnderTest) -> None:
    with api, api.as_user("auth0|ann").websocket_connect("/echo") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "auth0|ann: hello"
        api.advance(86_400 + 11)
        assert socket.receive()["code"] == 1008


def test_a_socket_without_a_token_is_refused(api: AppUnderTest) -> None:
    with api, pytest.raises(WebSocketDenialResponse) as caught, api.as_anonymous().websocket_connect("/echo"):
        pass
    assert caught.value.status_code == 401


def test_a_mounted_app_is_tested_through_its_host_app() -> None:
    inner, outer = FastAPI(), FastAPI()
    outer.mount("/inner", inner)
    protect(outer)

    @inner.get("/user")
    async def show_user(token: CurrentToken) -> str:
        return token.subject

    with client(outer) as api:
        assert api.as_user("auth0|ann").get("/inner/user").json() == "auth0|ann"
        assert api.as_anonymous().get("/inner/user").status_code == 401


def test_an_override_of_any_guard_needs_no_token(app: FastAPI) -> None:
    app.dependency_overrides[require_role("admin")] = lambda: None
    with client(app) as api:
        assert api.as_anonymous().get("/reports").status_code == 200
        assert api.as_anonymous().get("/orders").status_code == 401


def test_the_service_itself_is_tested_as_any_app() -> None:
    chosen = ServiceSettings.of(auth0_domain="acme.eu.auth0.com", auth0_audience=("urn:mine",))
    with client(create_app(chosen), base_url="https://api.example.com") as api:
        api.tenant.add_user("auth0|ann", roles={"admin"}, email="ann@example.com")
        assert api.as_user("auth0|ann").get("/profile").json()["profile"]["email"] == "ann@example.com"
        assert api.as_user("auth0|ann").get("/admin/users").status_code == 200
        assert api.as_user("auth0|bob").get("/admin/users").status_code == 403


def test_a_role_given_through_the_app_counts_at_once() -> None:
    chosen = ServiceSettings.of(auth0_domain="acme.eu.auth0.com", auth0_audience=("urn:mine",))
    with client(create_app(chosen), base_url="https://api.example.com") as api:
        bob, admin = api.as_user("auth0|bob"), api.as_user("auth0|ann", roles={"admin"})
        assert bob.get("/admin/users").status_code == 403
        given = admin.post("/admin/users/auth0%7Cbob/roles", json={"role_names": ["admin"]})
        assert (given.status_code, bob.get("/admin/users").status_code) == (200, 200)


def test_an_exception_of_a_route_reaches_the_test_by_default(app: FastAPI) -> None:
    @app.get("/broken")
    async def fail() -> None:
        raise LookupError("a bug")

    with client(app) as api, pytest.raises(LookupError, match="a bug"):
        api.as_anonymous().get("/broken")
    with client(app, raise_server_exceptions=False) as api:
        assert api.as_anonymous().get("/broken").status_code == 500
