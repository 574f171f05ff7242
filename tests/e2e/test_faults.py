"""The service with a tenant that rate-limits, fails, hangs and sends invalid responses, over real sockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote

import httpx
import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, fetch_machine_token
from support.process import Dev, dev
from support.service import ADMIN, USER, person_id

PROFILE = f"/api/v2/users/{person_id(USER)}"
SHOWN = f"/admin/users/{quote(person_id(USER), safe='')}"
"""A route that calls the tenant each time; profiles are cached and rate-limited."""


@dataclass(frozen=True, slots=True)
class FaultyService:
    """A running service, and fault injection for its tenant."""

    running: Dev
    api: httpx.AsyncClient
    tenant: httpx.AsyncClient

    async def fault(self, path: str, **members: object) -> None:
        response = await self.tenant.post("_development/faults", json={"path": path, **members})
        assert response.status_code == 204

    async def seen(self) -> Counter[str]:
        return Counter((await self.tenant.get("_development/requests")).json())

    async def bearer(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await asyncio.to_thread(self.running.token, who)}"}

    async def operator(self) -> dict[str, str]:
        """Return the credentials of a test that manages the tenant."""
        token = await fetch_machine_token(
            self.tenant,
            self.running.tenant,
            audience=f"{self.running.tenant}api/v2/",
            client_id=MANAGEMENT_CLIENT_ID,
            client_secret=MANAGEMENT_CLIENT_SECRET,
        )
        return {"Authorization": f"Bearer {token}"}

    async def statuses(self, number: int, path: str, headers: dict[str, str]) -> Counter[int]:
        responses = await asyncio.gather(*(self.api.get(path, headers=headers) for _ in range(number)))
        return Counter(response.status_code for response in responses)


@pytest.fixture
def running() -> Iterator[Dev]:
    with dev() as running:
        yield running


@pytest.fixture
async def faulty(running: Dev) -> AsyncIterator[FaultyService]:
    async with (
        httpx.AsyncClient(base_url=running.api, timeout=30, trust_env=False) as api,
        httpx.AsyncClient(base_url=running.tenant, timeout=30, trust_env=False) as tenant,
    ):
        yield FaultyService(running, api, tenant)


async def test_a_hundred_cold_callers_cost_one_management_token(faulty: FaultyService) -> None:
    headers = await faulty.bearer(ADMIN)
    operator = await faulty.operator()
    before = await faulty.seen()
    assert await faulty.statuses(100, SHOWN, headers) == {200: 100}
    assert (await faulty.seen() - before)["POST /oauth/token"] == 1
    # The key that signed the service's token is revoked: the Management API refuses it from now on.
    await faulty.tenant.post("api/v2/keys/signing/rotate", headers=operator)
    keys = (await faulty.tenant.get("api/v2/keys/signing", headers=operator)).json()
    (old,) = [key["kid"] for key in keys if key["previous"]]
    assert (await faulty.tenant.put(f"api/v2/keys/signing/{old}/revoke", headers=operator)).status_code == 200
    assert await faulty.statuses(50, SHOWN, headers) == {200: 50}
    assert (await faulty.seen() - before)["POST /oauth/token"] == 2


async def test_two_hundred_role_checks_of_one_user_are_one_look_up(faulty: FaultyService) -> None:
    headers = await faulty.bearer(ADMIN)
    assert await faulty.statuses(200, "/dashboard", headers) == {200: 200}
    seen = await faulty.seen()
    own = f"GET /api/v2/users/{person_id(ADMIN)}"
    assert (seen[own], seen[f"{own}/roles"]) == (1, 1)


async def test_only_a_short_retry_after_is_waited_for(faulty: FaultyService) -> None:
    headers = await faulty.bearer(ADMIN)
    await faulty.fault(PROFILE, status=429, headers={"Retry-After": "1"})
    started = monotonic()
    assert (await faulty.api.get(SHOWN, headers=headers)).status_code == 200
    assert monotonic() - started >= 1
    await faulty.fault(PROFILE, status=429, headers={"Retry-After": "60"})
    started = monotonic()
    response = await faulty.api.get(SHOWN, headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "management_rate_limited")
    assert response.headers["Retry-After"] == "60"
    assert monotonic() - started < 5


async def test_a_get_is_retried_and_a_post_is_sent_once(faulty: FaultyService) -> None:
    user, admin = await faulty.bearer(USER), await faulty.bearer(ADMIN)
    await faulty.fault(PROFILE, status=503)
    assert (await faulty.api.get("/profile", headers=user)).status_code == 200
    await faulty.api.get("/dashboard", headers=admin)
    await faulty.fault("/api/v2/users", status=503)
    new = {"email": "once@example.com", "password": "Once-password-1!"}
    response = await faulty.api.post("/admin/users", headers=admin, json=new)
    assert (response.status_code, response.json()["code"]) == (503, "management_unavailable")
    assert (await faulty.seen())["POST /api/v2/users"] == 1


@pytest.mark.parametrize(
    "body", ["<html>", '{"user_id":', "[]", " " * 10_000_000], ids=["html", "cut", "list", "ten-megabytes"]
)
async def test_an_invalid_tenant_response_is_a_502_and_not_echoed(faulty: FaultyService, body: str) -> None:
    # Twice, because a response that is too large is requested again without metadata.
    await faulty.fault(PROFILE, status=200, body=body, times=2)
    response = await faulty.api.get("/profile", headers=await faulty.bearer(USER))
    assert (response.status_code, response.json()["code"]) == (502, "management_answer_invalid")
    assert len(response.content) < 1000


async def test_a_tenant_that_hangs_delays_one_caller_until_the_timeout(faulty: FaultyService) -> None:
    headers = await faulty.bearer(ADMIN)
    await faulty.api.get(SHOWN, headers=headers)
    await faulty.fault(PROFILE, times=3, hang=True)
    started = monotonic()
    hanging = asyncio.create_task(faulty.api.get(SHOWN, headers=headers))
    assert (await faulty.api.get("/", headers=headers)).status_code == 200
    response = await hanging
    assert (response.status_code, response.json()["code"]) == (503, "management_unavailable")
    assert monotonic() - started < 10
    assert quote(person_id(USER)) not in response.text
