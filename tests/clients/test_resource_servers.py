"""Resource servers that Auth0 wrote accept the development tenant's tokens, and refuse what ours refuses."""

from collections.abc import Callable

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET
from support.auth0_fastapi_app import fastapi_app
from support.client_tenant import ClientTenant
from support.issuer_api import api
from support.node import program
from support.service import ADMIN, USER, person_id

Exercise = Callable[[str, str], None]

DONE = "accepts the tenant's tokens of users and machines, with their scopes, and refuses those for another API"


async def require_same_answers(client: httpx.AsyncClient, tenant: ClientTenant) -> None:
    """Require that a guarded API accepts and refuses the tokens that ours does."""

    async def get(path: str, token: str) -> tuple[int, object]:
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json().get("sub") if answer.is_success else None

    user, machine = await tenant.user_token(USER), await tenant.machine_token()
    management = {"client_id": MANAGEMENT_CLIENT_ID, "client_secret": MANAGEMENT_CLIENT_SECRET}
    other = await tenant.machine_token(f"{tenant.issuer}api/v2/", **management)
    assert await get("/any", user) == (200, person_id(USER))
    assert await get("/any", machine) == (200, f"{MACHINE_CLIENT_ID}@clients")
    assert await get("/any", other) == (401, None)
    assert await get("/any", user[:-4]) == (401, None)
    assert await get("/scope", machine) == (200, f"{MACHINE_CLIENT_ID}@clients")
    assert await get("/scope", user) == (403, None)


async def test_auth0_fastapi_api_accepts_the_tenants_tokens(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0-fastapi-api", DONE)
    transport = httpx.ASGITransport(fastapi_app(trusted.domain))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as client:
        await require_same_answers(client, trusted)


@pytest.mark.usefixtures("node_js")
async def test_express_oauth2_jwt_bearer_accepts_the_tenants_tokens(secure: ClientTenant, exercise: Exercise) -> None:
    exercise("express-oauth2-jwt-bearer", DONE + "; reads the permissions of users")
    with program("express-oauth2-jwt-bearer.mjs", **secure.environment) as running:
        async with httpx.AsyncClient(base_url=running.url, trust_env=False) as client:
            await require_same_answers(client, secure)
            for email, status in ((ADMIN, 200), (USER, 401)):
                headers = {"Authorization": f"Bearer {await secure.user_token(email)}"}
                assert (await client.get("/permission", headers=headers)).status_code == status


async def test_our_api_gives_the_same_answers(trusted: ClientTenant) -> None:
    user, machine = await trusted.user_token(USER), await trusted.machine_token()
    async with api(trusted.issuer) as client:
        for token, who in ((user, "for a user"), (machine, "for a machine")):
            answer = await client.get("/api/data", headers={"Authorization": f"Bearer {token}"})
            assert answer.json()["data"] == [who]
