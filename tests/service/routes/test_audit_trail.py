"""GET /admin/audit, with the audit trail in SQLite."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.audit.storage import AuditTrail
from auth0_sso.testing.clock import HandClock
from support.audit_records import until
from support.service import ADMIN, MANAGER, USER, Service, person_id, running_service

BLOCK = f"/admin/users/{quote(person_id(USER), safe='')}/block"


@dataclass
class Audited:
    """The service, and the trail that it writes to."""

    service: Service

    async def ask(self, **parameters: object) -> httpx.Response:
        """List records as an administrator does, once all are stored."""
        await stored(self.service)
        headers = await self.service.as_user(ADMIN)
        return await self.service.api.get("/admin/audit", params=parameters, headers=headers)  # type: ignore[arg-type]  # whatever a test sends

    async def actions(self, **parameters: object) -> list[str]:
        response = await self.ask(**parameters)
        assert response.status_code == 200, response.text
        return [record["event"]["action"] for record in response.json()["records"]]


@pytest.fixture
async def audited(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, tmp_path: Path
) -> AsyncIterator[Audited]:
    url = f"sqlite:///{tmp_path}/audit.sqlite"
    async with running_service(rsa_keys, clock, audit_database_url=url) as service:
        yield Audited(service)


async def stored(service: Service) -> None:
    """Wait until the database has all records."""
    trail = service.app.state.auth0_sso.audit.reader
    assert isinstance(trail, AuditTrail)
    await until(lambda: not trail.health.pending)


async def block_twice_and_be_denied(service: Service, clock: HandClock) -> None:
    admin = await service.as_user(ADMIN)
    await service.api.put(BLOCK, headers={**admin, "X-Request-ID": "request-1"})
    clock.now += 1
    await service.api.delete(BLOCK, headers=admin)
    clock.now += 1
    await service.api.put("/admin/users/auth0%7Cunknown/block", headers=admin)
    clock.now += 1
    await service.api.put(BLOCK, headers=await service.as_user(USER))


async def test_records_are_listed_newest_first(audited: Audited, clock: HandClock) -> None:
    await block_twice_and_be_denied(audited.service, clock)
    response = await audited.ask()
    assert response.status_code == 200
    first, *_ = records = response.json()["records"]
    assert [record["event"]["action"] for record in records] == [
        "access-denied",
        "block-user",
        "unblock-user",
        "block-user",
        "keys-changed",
    ]
    assert first["user"] == {"id": person_id(USER)}
    assert first["auth0_sso"]["details"] == {"missing": ["admin"]}
    assert first["@timestamp"].endswith("Z")
    assert "organization" not in first
    assert response.json()["next"] is None


@pytest.mark.parametrize(
    ("parameters", "actions"),
    [
        ({"action": "block-user"}, ["block-user", "block-user"]),
        ({"action": ["block-user", "access-denied"]}, ["access-denied", "block-user", "block-user"]),
        ({"outcome": "failure"}, ["access-denied", "block-user"]),
        ({"subject": person_id(USER)}, ["access-denied"]),
        ({"target": person_id(USER)}, ["unblock-user", "block-user"]),
        ({"client_id": "unknown"}, []),
        ({"request_id": "request-1"}, ["block-user"]),
        ({"address": "192.0.2.1"}, []),
        ({"since": "START+3"}, ["access-denied"]),
        ({"until": "START+1"}, ["block-user", "keys-changed"]),
        ({"order": "oldest", "limit": 2}, ["keys-changed", "block-user"]),
    ],
    ids=str,
)
async def test_filters_choose_the_records(
    audited: Audited, clock: HandClock, parameters: Mapping[str, Any], actions: list[str]
) -> None:
    started = clock.now
    await block_twice_and_be_denied(audited.service, clock)
    times = {
        name: f"{time_of(started + int(value[-1]))}"
        for name, value in parameters.items()
        if isinstance(value, str) and value.startswith("START")
    }
    assert await audited.actions(**(dict(parameters) | times)) == actions


def time_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


async def test_pages_follow_each_other_by_checkpoint_and_by_link(audited: Audited, clock: HandClock) -> None:
    await block_twice_and_be_denied(audited.service, clock)
    first = await audited.ask(limit=3, target=person_id(USER), order="oldest")
    assert len(first.json()["records"]) == 2
    page = await audited.ask(limit=3)
    second = await audited.ask(limit=3, after=page.json()["next"])
    assert [len(each.json()["records"]) for each in (page, second)] == [3, 2]
    headers = await audited.service.as_user(ADMIN)
    linked = await audited.service.api.get(page.links["next"]["url"], headers=headers)
    assert linked.json() == second.json()
    assert "next" not in second.links


async def test_a_reader_who_follows_the_trail_gets_each_record_once(audited: Audited, clock: HandClock) -> None:
    service = audited.service
    await block_twice_and_be_denied(service, clock)
    page = (await audited.ask(order="oldest")).json()
    assert (await audited.ask(order="oldest", after=page["next"])).json() == {"records": [], "next": page["next"]}
    await service.api.put(BLOCK, headers=await service.as_user(ADMIN))
    assert await audited.actions(order="oldest", after=page["next"]) == ["block-user"]


@pytest.mark.parametrize(
    ("parameters", "at"),
    [
        ({"after": "not-a-checkpoint"}, "after"),
        ({"after": "9" * 30}, "after"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"since": "2026-01-31T12:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "since"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until"),
        ({"outcome": "maybe"}, "outcome"),
        ({"subject": "a\0b"}, "subject"),
    ],
    ids=str,
)
async def test_a_parameter_that_cannot_be_used_is_refused(
    audited: Audited, parameters: Mapping[str, object], at: str
) -> None:
    response = await audited.ask(**parameters)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert response.json()["errors"][0]["at"] == ["query", at]


async def test_a_database_that_does_not_answer_is_said_so(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, tmp_path: Path
) -> None:
    url, spill = "postgresql://audit@127.0.0.1:1/audit", tmp_path / "spill"
    async with running_service(rsa_keys, clock, audit_database_url=url, audit_spill_directory=spill) as service:
        response = await service.api.get("/admin/audit", headers=await service.as_user(ADMIN))
    assert (response.status_code, response.json()["code"]) == (503, "audit_unavailable")
    assert "Retry-After" in response.headers


async def test_without_a_database_there_is_no_trail_to_list(service: Service) -> None:
    response = await service.api.get("/admin/audit", headers=await service.as_user(ADMIN))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "AUDIT_DATABASE_URL" in response.json()["detail"]


@pytest.mark.parametrize("email", [MANAGER, USER])
async def test_only_administrators_read_the_trail(audited: Audited, email: str) -> None:
    headers = await audited.service.as_user(email)
    response = await audited.service.api.get("/admin/audit", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")
