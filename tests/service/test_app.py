"""The guards on an app of somebody's own, and how the whole starts and stops."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from pydantic import SecretStr

import auth0_sso
from auth0_devtenant import TenantOptions, create_tenant, default_seed
from auth0_sso import (
    AccessToken,
    CurrentRoles,
    CurrentToken,
    protect,
    require_any_role,
    require_permission,
    require_role,
    require_scope,
)
from auth0_sso.service.app import create_app
from auth0_sso.service.routes import admin, data, health
from auth0_sso.testing.clock import HandClock
from auth0_sso.tokens.jwk import VerificationKey
from auth0_sso.web.guards.token_guards import optional_token
from support.environment import GOOD
from support.logged_secrets import EVENTS_TOKEN, LOGS_TOKEN
from support.service import ADMIN, MANAGER, OPTIONS, USER, Service, Wire, running_service, settings

Keys = tuple[rsa.RSAPrivateKey, ...]


def own_app() -> FastAPI:
    app = FastAPI(title="orders")
    router = APIRouter(prefix="/reports", dependencies=[Depends(require_any_role("admin", "manager"))])

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    @app.get("/orders")
    async def list_orders(token: Annotated[AccessToken, Depends(require_permission("read:data"))]) -> list[str]:
        return sorted(token.permissions)

    @app.post("/orders")
    async def place_order(_: Annotated[AccessToken, Depends(require_scope("write:data", "approve:data"))]) -> None:
        raise AssertionError("nobody here has that scope")

    @router.get("/{year}", dependencies=[Depends(require_role("admin"))])
    async def read_report(year: int, roles: CurrentRoles) -> list[str]:
        return [*sorted(roles), str(year)]

    @app.get("/teapot")
    async def be_a_teapot() -> None:
        raise HTTPException(418, "short and stout", {"X-Pot": "1"})

    app.include_router(router)
    return app


@pytest.fixture
async def own(rsa_keys: Keys, clock: HandClock) -> AsyncIterator[Service]:
    async with running_service(rsa_keys, clock, app=own_app()) as running:
        yield running


async def test_an_app_decides_which_hosts_it_answers_to(own: Service) -> None:
    for hosts in ([("Host", "one.example.com"), ("Host", "two.example.com")], [("Host", "")]):
        assert (await own.api.get("/me", headers=hosts)).status_code == 401


async def test_a_route_of_ones_own_is_guarded_by_its_signature(own: Service) -> None:
    assert (await own.api.get("/me")).status_code == 401
    assert (await own.api.get("/me", headers=await own.as_user(USER))).status_code == 200


async def test_a_permission_opens_and_its_lack_is_named(own: Service) -> None:
    assert (await own.api.get("/orders", headers=await own.as_user(MANAGER))).json() == ["read:data"]
    refused = await own.api.get("/orders", headers=await own.as_user(USER))
    assert refused.status_code == 403
    assert refused.headers["WWW-Authenticate"].endswith('scope="read:data", DPoP algs="ES256"')


async def test_all_missing_scopes_are_named_at_once(own: Service) -> None:
    refused = await own.api.post("/orders", headers=await own.as_user(USER))
    assert refused.status_code == 403
    assert refused.headers["WWW-Authenticate"].endswith('scope="approve:data write:data", DPoP algs="ES256"')


async def test_three_role_guards_of_a_route_share_one_verification_and_lookup(own: Service) -> None:
    answer = await own.api.get("/reports/2026", headers=await own.as_user(ADMIN))
    assert answer.json() == ["admin", "2026"]
    assert own.wire.count("GET /api/v2/users/") == 2  # the user and the roles
    assert (await own.api.get("/reports/2026", headers=await own.as_user(MANAGER))).status_code == 403


async def test_ones_own_http_errors_stay_as_they_are(own: Service) -> None:
    answer = await own.api.get("/teapot")
    assert (answer.status_code, answer.json()) == (418, {"detail": "short and stout"})
    assert answer.headers["X-Pot"] == "1"


async def test_ones_own_routes_are_described_with_what_their_guards_answer(own: Service) -> None:
    document = (await own.api.get("/openapi.json")).json()
    report = document["paths"]["/reports/{year}"]["get"]
    assert report["security"] == [{"bearer": []}, {"auth0": []}]
    assert report["responses"].keys() == {"200", "400", "401", "403", "422", "429", "502", "503"}
    assert document["paths"]["/me"]["get"]["responses"].keys() == {"200", "400", "401", "429", "503"}
    assert "security" not in document["paths"]["/teapot"]["get"]


async def test_the_apps_own_lifespan_still_runs_and_finds_the_services(rsa_keys: Keys) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append("services" if hasattr(app.state, "auth0_sso") else "none")
        yield {"mine": "kept"}
        seen.append("closed")

    wire = Wire(httpx.ASGITransport(create_tenant(OPTIONS, signing_keys=rsa_keys)))
    app = protect(FastAPI(lifespan=lifespan), settings(), transport=wire)
    async with app.router.lifespan_context(app) as state:
        assert state == {"mine": "kept"}
    assert seen == ["services", "closed"]


async def test_a_guard_on_an_unprotected_app_says_what_to_do() -> None:
    app = own_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://x.example.com") as client:
        with pytest.raises(RuntimeError, match="protect"):
            await client.get("/me")


@pytest.mark.parametrize("names", [(), ("",), ("two words",), ('quo"te',), ("back\\slash",), ("café",)])
def test_a_scope_that_no_challenge_can_carry_is_refused_early(names: tuple[str, ...]) -> None:
    for make in (require_scope, require_permission):
        with pytest.raises(ValueError, match="6749"):
            make(*names)


async def test_without_management_credentials_the_rest_works_and_problems_name_the_settings(
    rsa_keys: Keys, clock: HandClock
) -> None:
    async with running_service(
        rsa_keys, clock, auth0_management_client_id="", auth0_management_client_secret=""
    ) as service:
        headers = await service.as_user(ADMIN)
        assert (await service.api.get("/api/data", headers=headers)).status_code == 200
        for path in ("/profile", "/dashboard", "/admin/users"):
            answer = await service.api.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "management_not_configured")
            assert "AUTH0_MANAGEMENT_CLIENT_ID" in answer.json()["detail"]


async def test_refused_credentials_of_ours_are_never_the_callers_401(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, auth0_management_client_secret="wrong-secret") as service:
        answer = await service.api.get("/profile", headers=await service.as_user(USER))
        assert (answer.status_code, answer.json()["code"]) == (502, "management_refused")
        assert "WWW-Authenticate" not in answer.headers
        assert "wrong-secret" not in answer.text


async def test_a_second_rotation_is_seen_by_the_first_request_showing_it(service: Service) -> None:
    for _ in range(2):  # the first successor was in the set already
        await service.manage("POST", "/keys/signing/rotate")
    new = await service.as_machine()
    before = service.wire.count("GET /.well-known/jwks.json")
    assert (await service.api.get("/api/data", headers=new)).status_code == 200
    assert service.wire.count("GET /.well-known/jwks.json") == before + 1


async def test_a_thousand_cold_requests_at_once_fetch_the_keys_once(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock) as service:
        headers = await service.as_user(USER)
        answers = await asyncio.gather(*(service.api.get("/", headers=headers) for _ in range(1000)))
        assert {answer.status_code for answer in answers} == {200}
        assert service.wire.count("GET /.well-known/jwks.json") == 1


async def test_a_restart_during_an_outage_verifies_with_the_keys_on_disk(
    rsa_keys: Keys, clock: HandClock, tmp_path: Path
) -> None:
    kept = tmp_path / "jwks.json"
    async with running_service(rsa_keys, clock, auth0_jwks_cache_file=kept) as before:
        headers = await before.as_user(USER)
        assert (await before.api.get("/", headers=headers)).status_code == 200
        async with asyncio.timeout(5):
            while not kept.is_file():
                await asyncio.to_thread(clock.wall)  # a turn of the threads, one of which writes
    for disk, status in ((None, 503), (kept, 200)):
        async with running_service(rsa_keys, clock, cut=True, auth0_jwks_cache_file=disk) as after:
            assert (await after.api.get("/", headers=headers)).status_code == status
            assert (await after.api.get("/readyz")).status_code == status


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"auth0_max_token_age_seconds": 60}, "too_old"),
        ({"auth0_allowed_clients": ("mobile",)}, "client_not_allowed"),
        ({"auth0_max_token_bytes": 1024}, "token_too_long"),
        ({"auth0_algorithms": ("PS256",)}, "alg_not_allowed"),
    ],
    ids=str,
)
async def test_a_deployment_may_ask_more_of_a_token(
    rsa_keys: Keys, clock: HandClock, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], reason: str
) -> None:
    caplog.set_level("INFO")
    async with running_service(rsa_keys, clock, **changes) as service:
        headers = await service.as_user(USER)
        clock.now += 60 + 10  # and the leeway
        padded = headers | {"Authorization": headers["Authorization"] + "A" * 400}
        answer = await service.api.get("/", headers=padded if reason == "token_too_long" else headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert reason in caplog.text


async def test_the_service_authenticates_with_a_private_key_instead_of_a_secret(
    rsa_keys: Keys, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    monkeypatch.setattr(
        "support.service.OPTIONS", TenantOptions(seed=default_seed(management_public_key=public.decode()))
    )
    pem = rsa_keys[3].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    by_key: dict[str, Any] = {"auth0_management_client_secret": "", "auth0_management_private_key": pem}
    async with running_service(rsa_keys, clock, **by_key) as service:
        headers = await service.as_user(USER)
        assert (await service.api.get("/profile", headers=headers)).status_code == 200


@pytest.mark.parametrize(("max_stale", "lenient"), [(300, 200), (0, 503)], ids=["allowed", "not-allowed"])
async def test_stale_roles_need_a_guard_and_a_setting_that_accept_them(
    rsa_keys: Keys, clock: HandClock, max_stale: int, lenient: int
) -> None:
    async with running_service(rsa_keys, clock, auth0_role_max_stale_seconds=max_stale) as service:

        @service.app.get("/lenient", dependencies=[Depends(require_role("manager", stale_ok=True))])
        async def read_lenient() -> None:
            """Be open to a manager of a minute ago."""

        async def status(path: str) -> int:
            asked = asyncio.create_task(service.api.get(path, headers=headers))
            while not asked.done():
                await clock.advance(0.5)  # the pauses between repeated calls
            return (await asked).status_code

        headers = await service.as_user(MANAGER)
        assert [await status("/lenient"), await status("/dashboard")] == [200, 200]
        service.wire.cut = True
        await clock.advance(61)
        assert [await status("/lenient"), await status("/dashboard")] == [lenient, 503]


@pytest.mark.parametrize(("size", "checks"), [(0, 3), (8, 1)])
async def test_a_repeated_token_is_verified_once_unless_that_is_turned_off(
    rsa_keys: Keys, clock: HandClock, monkeypatch: pytest.MonkeyPatch, size: int, checks: int
) -> None:
    verified: list[bytes] = []
    verifies = VerificationKey.verifies

    def counted(key: VerificationKey, signing_input: bytes, signature: bytes) -> bool:
        verified.append(signature)
        return verifies(key, signing_input, signature)

    monkeypatch.setattr(VerificationKey, "verifies", counted)
    async with running_service(rsa_keys, clock, auth0_token_cache_size=size) as service:
        headers = await service.as_user(USER)
        for _ in range(3):
            assert (await service.api.get("/", headers=headers)).status_code == 200
    assert len(verified) == checks


@pytest.mark.usefixtures("clean_environment", "logging_restored")
def test_without_settings_the_app_reads_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {**GOOD, "AUTH0_DOMIAN": "misspelt", "LOG_LEVEL": "WARNING"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert "https://acme.eu.auth0.com/authorize" in json.dumps(create_app().openapi())
    assert logging.getLogger().level == logging.WARNING
    assert "AUTH0_DOMIAN is not a setting of auth0-sso and is ignored" in capsys.readouterr().err


def test_a_route_has_all_that_its_router_declares() -> None:
    own = {route.name: route for route in create_app(settings()).routes if isinstance(route, APIRoute)}
    for declared in (*admin.router.routes, *data.router.routes, *health.router.routes):
        assert isinstance(declared, APIRoute)
        route = own[declared.name]
        assert type(route) is type(declared)
        for name in ("path", "methods", "endpoint", "dependencies", "responses", "tags", "status_code"):
            assert getattr(route, name) == getattr(declared, name)


async def test_dependency_overrides_reach_the_routes_of_the_service() -> None:
    app = create_app(settings())
    app.dependency_overrides[optional_token] = lambda: None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        assert (await client.get("/", headers={"Authorization": "Bearer x"})).json()["authenticated"] is False


def test_the_public_face_is_what_it_says() -> None:
    assert sorted(auth0_sso.__all__) == auth0_sso.__all__
    for name in auth0_sso.__all__:
        assert getattr(auth0_sso, name).__doc__


async def test_what_auth0_calls_is_there_where_it_is_set_up_alone(
    rsa_keys: Keys, clock: HandClock, service: Service
) -> None:
    set_up: dict[str, Any] = {
        "auth0_backchannel_logout_clients": ("spa-client",),
        "auth0_events_token": SecretStr(EVENTS_TOKEN),
        "auth0_logs_token": SecretStr(LOGS_TOKEN),
    }
    async with running_service(rsa_keys, clock, **set_up) as called:
        for path, status, code in (
            ("/backchannel-logout", 400, "invalid_logout_token"),
            ("/auth0-events", 401, "missing_token"),
            ("/auth0-logs", 401, "missing_token"),
        ):
            answer = await called.api.post(path)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert (await service.api.post(path)).status_code == 404
            assert path not in called.app.openapi()["paths"]


METADATA = "/.well-known/oauth-protected-resource"


async def test_the_service_says_where_tokens_for_it_come_from(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(
        rsa_keys, clock, public_url="https://api.example.com", cors_allowed_origins=("https://app.example.com",)
    ) as service:
        found = await service.api.get(METADATA, headers={"Origin": "https://agent.example.net"})
        asked = {"Origin": "https://agent.example.net", "Access-Control-Request-Method": "GET"}
        preflight = await service.api.options(METADATA, headers=asked)
        refused = await service.api.get("/profile")
    assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, "*")
    assert found.json()["resource"] == "https://api.example.com"
    assert found.json()["authorization_servers"] == [OPTIONS.issuer]
    assert found.headers["cache-control"] == "public, max-age=300"
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert f'resource_metadata="https://api.example.com{METADATA}"' in refused.headers["www-authenticate"]


async def test_without_its_public_url_the_service_has_no_metadata(service: Service) -> None:
    assert (await service.api.get(METADATA)).status_code == 404
    assert "resource_metadata" not in (await service.api.get("/profile")).headers["www-authenticate"]


def test_metadata_changes_nothing_of_the_openapi_document() -> None:
    with_metadata = create_app(settings(public_url="https://api.example.com"))
    assert with_metadata.openapi() == create_app(settings()).openapi()
