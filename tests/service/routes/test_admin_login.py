"""ADMIN_MFA_REQUIRED and ADMIN_MAX_LOGIN_AGE_SECONDS: what /admin asks of a login."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.service.app import create_app
from auth0_sso.testing.clock import HandClock
from support.service import ADMIN, OPTIONS, USER, Service, running_service, settings

Keys = Sequence[rsa.RSAPrivateKey]

CLAIMS: dict[str, Any] = {f"auth0_{name}_claim": f"{OPTIONS.audience}/{name}" for name in ("acr", "amr", "auth_time")}
"""As the development tenant names them."""


async def list_users(service: Service, email: str = ADMIN) -> httpx.Response:
    return await service.api.get("/admin/users", headers=await service.as_user(email))


async def test_an_administrator_without_a_second_factor_is_challenged(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, admin_mfa_required=True, **CLAIMS) as service:
        refused = await list_users(service)
        assert (refused.status_code, refused.json()["code"]) == (401, "insufficient_user_authentication")
        assert 'acr_values="http://schemas.openid.net/pape/' in refused.headers["WWW-Authenticate"]
        assert "max_age" not in refused.headers["WWW-Authenticate"]
        assert service.wire.count("GET /api/v2/users?") == 0


async def test_a_login_passes_until_it_is_too_old(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, admin_max_login_age_seconds=900, **CLAIMS) as service:
        assert (await list_users(service)).status_code == 200
        await clock.advance(900 + 10)  # AUTH0_LEEWAY_SECONDS
        refused = await list_users(service)
        assert refused.status_code == 401
        assert 'max_age="900"' in refused.headers["WWW-Authenticate"]
        assert "acr_values" not in refused.headers["WWW-Authenticate"]


async def test_one_challenge_asks_for_both(rsa_keys: Keys, clock: HandClock) -> None:
    both: dict[str, Any] = {"admin_mfa_required": True, "admin_max_login_age_seconds": 900}
    async with running_service(rsa_keys, clock, **both, **CLAIMS) as service:
        challenge = (await list_users(service)).headers["WWW-Authenticate"]
        assert "acr_values=" in challenge
        assert 'max_age="900"' in challenge


async def test_a_user_without_the_role_gets_no_challenge(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, admin_mfa_required=True, **CLAIMS) as service:
        refused = await list_users(service, USER)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("on", [True, False])
def test_the_document_names_the_login_of_admin_routes_only(on: bool) -> None:
    paths = create_app(settings(admin_mfa_required=on)).openapi()["paths"]
    asked = {
        path
        for path, operations in paths.items()
        for operation in operations.values()
        if "multi-factor authentication" in str(operation.get("x-requires"))
    }
    assert asked == ({path for path in paths if path.startswith("/admin/")} if on else set())
