"""The service against a tenant that limits, fails, hangs and talks nonsense, all of it over real sockets."""

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
"""A route that asks the tenant each time; profiles are remembered and limited."""


@dataclass(frozen=True, slots=True)
class Shaken:
    """A running service, and the faults of its tenant."""

    running: Dev
    api: httpx.AsyncClient
    tenant: httpx.AsyncClient

    async def fault(self, path: str, **members: object) -> None:
        answer = await self.tenant.post("_development/faults", json={"path": path, **members})
        assert answer.status_code == 204

    async def seen(self) -> Counter[str]:
        return Counter((await self.tenant.get("_development/requests")).json())

    async def bearer(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await asyncio.to_thread(self.running.token, who)}"}

    async def operator(self) -> dict[str, str]:
        """Return what lets a test manage the tenant itself."""
        token = await fetch_machine_token(
            self.tenant,
            self.running.tenant,
            audience=f"{self.running.tenant}api/v2/",
            client_id=MANAGEMENT_CLIENT_ID,
            client_secret=MANAGEMENT_CLIENT_SECRET,
        )
        return {"Authorization": f"Bearer {token}"}

    async def statuses(self, number: int, path: str, headers: dict[str, str]) -> Counter[int]:
        answers = await asyncio.gather(*(self.api.get(path, headers=headers) for _ in range(number)))
        return Counter(answer.status_code for answer in answers)


@pytest.fixture
def running() -> Iterator[Dev]:
    with dev() as running:
        yield running


@pytest.fixture
async def shaken(running: Dev) -> AsyncIterator[Shaken]:
    async with (
        httpx.AsyncClient(base_url=running.api, timeout=30, trust_env=False) as api,
        httpx.AsyncClient(base_url=running.tenant, timeout=30, trust_env=False) as tenant,
    ):
        yield Shaken(running, api, tenant)


async def test_a_hundred_cold_callers_cost_one_management_token(shaken: Shaken) -> None:
    headers = await shaken.bearer(ADMIN)
    operator = await shaken.operator()
    before = await shaken.seen()
    assert await shaken.statuses(100, SHOWN, headers) == {200: 100}
    assert (await shaken.seen() - before)["POST /oauth/token"] == 1
    # The key that signed the service's token is revoked: the Management API refuses it from now on.
    await shaken.tenant.post("api/v2/keys/signing/rotate", headers=operator)
    keys = (await shaken.tenant.get("api/v2/keys/signing", headers=operator)).json()
    (old,) = [key["kid"] for key in keys if key["previous"]]
    assert (await shaken.tenant.put(f"api/v2/keys/signing/{old}/revoke", headers=operator)).status_code == 200
    assert await shaken.statuses(50, SHOWN, headers) == {200: 50}
    assert (await shaken.seen() - before)["POST /oauth/token"] == 2


async def test_two_hundred_role_checks_of_one_user_are_one_look_up(shaken: Shaken) -> None:
    headers = await shaken.bearer(ADMIN)
    assert await shaken.statuses(200, "/dashboard", headers) == {200: 200}
    seen = await shaken.seen()
    own = f"GET /api/v2/users/{person_id(ADMIN)}"
    assert (seen[own], seen[f"{own}/roles"]) == (1, 1)


async def test_only_a_short_retry_after_is_waited_for(shaken: Shaken) -> None:
    headers = await shaken.bearer(ADMIN)
    await shaken.fault(PROFILE, status=429, headers={"Retry-After": "1"})
    started = monotonic()
    assert (await shaken.api.get(SHOWN, headers=headers)).status_code == 200
    assert monotonic() - started >= 1
    await shaken.fault(PROFILE, status=429, headers={"Retry-After": "60"})
    started = monotonic()
    answer = await shaken.api.get(SHOWN, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "management_rate_limited")
    assert answer.headers["Retry-After"] == "60"
    assert monotonic() - started < 5


async def test_a_get_is_retried_and_a_post_is_sent_once(shaken: Shaken) -> None:
    user, admin = await shaken.bearer(USER), await shaken.bearer(ADMIN)
    await shaken.fault(PROFILE, status=503)
    assert (await shaken.api.get("/profile", headers=user)).status_code == 200
    await shaken.api.get("/dashboard", headers=admin)
    await shaken.fault("/api/v2/users", status=503)
    new = {"email": "once@example.com", "password": "Once-password-1!"}
    answer = await shaken.api.post("/admin/users", headers=admin, json=new)
    assert (answer.status_code, answer.json()["code"]) == (503, "management_unavailable")
    assert (await shaken.seen())["POST /api/v2/users"] == 1


@pytest.mark.parametrize(
    "body", ["<html>", '{"user_id":', "[]", " " * 10_000_000], ids=["html", "cut", "list", "ten-megabytes"]
)
async def test_an_invalid_tenant_response_is_a_502_and_not_echoed(shaken: Shaken, body: str) -> None:
    await shaken.fault(PROFILE, status=200, body=body, times=2)  # what is too large is asked for without metadata
    answer = await shaken.api.get("/profile", headers=await shaken.bearer(USER))
    assert (answer.status_code, answer.json()["code"]) == (502, "management_answer_invalid")
    assert len(answer.content) < 1000


async def test_a_tenant_that_hangs_delays_one_caller_until_the_timeout(shaken: Shaken) -> None:
    headers = await shaken.bearer(ADMIN)
    await shaken.api.get(SHOWN, headers=headers)
    await shaken.fault(PROFILE, times=3, hang=True)
    started = monotonic()
    hanging = asyncio.create_task(shaken.api.get(SHOWN, headers=headers))
    assert (await shaken.api.get("/", headers=headers)).status_code == 200
    answer = await hanging
    assert (answer.status_code, answer.json()["code"]) == (503, "management_unavailable")
    assert monotonic() - started < 10
    assert quote(person_id(USER)) not in answer.text
