"""Auth0's Event Streams: who may send events, and what each type ends."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth0_sso import CurrentToken, StaticKeys, events_router, protect
from auth0_sso.events import Event, TokensRevoked
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer, user_claims
from support.logged_secrets import EVENTS_TOKEN
from support.noted_roles import NotedRoles
from support.own_app import own_settings
from support.running_app import running_app
from support.token_cases import NOW

AUTHORIZED: Final = {"Authorization": f"Bearer {EVENTS_TOKEN}"}
TIME: Final = "2027-01-15T08:00:00Z"  # when the tests' clock starts


def event(kind: str, what: object, **changes: object) -> bytes:
    """Return an event as Auth0 sends it; `...` takes a member away."""
    members = {
        "specversion": "1.0",
        "type": kind,
        "source": "urn:auth0:tenant.example.com",
        "id": "evt_0001",
        "time": TIME,
        "data": {"object": what},
        "a0tenant": "tenant",
        "a0stream": "est_0001",
    } | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


USER: Final = {"user_id": SUBJECT, "email": "ann@example.com"}
MEMBER: Final = {"user": USER, "organization": {"id": "org_1"}}


class Running:
    """An app with the route, and what its parts were told."""

    def __init__(self, issuer: Issuer, clock: HandClock, **changes: object) -> None:
        self.app = FastAPI()
        self.app.include_router(events_router("/events"))
        self.app.get("/me")(_read)
        self.events: list[Event] = []
        self.roles = NotedRoles()
        self._bearer = issuer.token(user_claims(NOW))
        protect(
            self.app,
            own_settings(**changes),
            keys=StaticKeys(issuer.jwks("key-0")),
            roles=self.roles,
            clock=clock,
            observer=self.events.append,
        )
        self.client = AsyncClient()

    async def send(self, body: bytes, headers: dict[str, str] = AUTHORIZED) -> tuple[int, str]:
        response = await self.client.post("/events", content=body, headers=headers)
        return response.status_code, response.json()["code"] if response.content else ""

    async def me(self) -> int:
        return (await self.client.get("/me", headers={"Authorization": f"Bearer {self._bearer}"})).status_code


async def _read(token: CurrentToken) -> str:
    return token.subject


@pytest.fixture
async def running(issuer: Issuer, clock: HandClock) -> AsyncIterator[Running]:
    app = Running(issuer, clock, auth0_events_token=EVENTS_TOKEN)
    async with running_app(app.app) as app.client:
        yield app


@pytest.mark.parametrize(
    "body", [event("user.deleted", USER), event("user.updated", USER | {"blocked": True})], ids=["deleted", "blocked"]
)
async def test_a_user_who_is_blocked_or_deleted_loses_access_at_once(running: Running, body: bytes) -> None:
    assert await running.me() == 200
    assert await running.send(body) == (204, "")
    assert await running.me() == 401
    assert running.roles.invalidated == [SUBJECT]


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("user.updated", USER),
        ("user.updated", USER | {"blocked": "true"}),
        ("organization.member.deleted", MEMBER),
        ("organization.member.role.deleted", MEMBER | {"role": {"id": "rol_1"}}),
        ("organization.member.role.assigned", MEMBER | {"role": {"id": "rol_1"}}),
    ],
    ids=str,
)
async def test_other_changes_of_a_user_drop_cached_roles_alone(running: Running, kind: str, what: object) -> None:
    assert await running.send(event(kind, what)) == (204, "")
    assert running.roles.invalidated == [SUBJECT]
    assert await running.me() == 200


@pytest.mark.parametrize(
    "body",
    [
        event("user.created", USER),
        event("group.created", {}, data={"other": 1}),
        event("user.deleted", USER, a0purpose="test"),
    ],
    ids=["created", "group", "test"],
)
async def test_events_without_an_effect_are_ignored(running: Running, body: bytes) -> None:
    assert await running.send(body) == (204, "")
    assert running.roles.invalidated == []
    assert await running.me() == 200


async def test_an_event_sent_again_after_a_new_login_changes_nothing(
    running: Running, issuer: Issuer, clock: HandClock
) -> None:
    body = event("user.deleted", USER)
    assert await running.send(body) == (204, "")
    await clock.advance(3600)
    later = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}
    assert await running.send(body) == (204, "")
    assert (await running.client.get("/me", headers=later)).status_code == 200
    revoked = [each for each in running.events if isinstance(each, TokensRevoked)]
    assert revoked == [TokensRevoked("event", SUBJECT)]


async def test_an_event_of_the_future_revokes_until_now(running: Running, issuer: Issuer, clock: HandClock) -> None:
    assert await running.send(event("user.deleted", USER, time="2999-01-01T00:00:00Z")) == (204, "")
    await clock.advance(1)
    later = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}
    assert (await running.client.get("/me", headers=later)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, (401, "missing_token")),
        ({"Authorization": EVENTS_TOKEN}, (401, "missing_token")),
        ({"Authorization": "Bearer another-token-0123456789-0123456789"}, (401, "invalid_token")),
        ({"Authorization": f"Bearer {EVENTS_TOKEN}x"}, (401, "invalid_token")),
        ({"Authorization": "Bearer "}, (400, "invalid_request")),
    ],
    ids=str,
)
async def test_without_the_streams_token_nothing_is_carried_out(
    running: Running, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert await running.send(event("user.deleted", USER), headers) == refusal
    assert await running.me() == 200


MALFORMED: dict[str, Any] = {
    "not-json": b"{",
    "list": b"[]",
    "no-id": event("user.deleted", USER, id=...),
    "no-type": event("user.deleted", USER, type=...),
    "time-missing": event("user.deleted", USER, time=...),
    "time-text": event("user.deleted", USER, time="yesterday"),
    "time-without-zone": event("user.deleted", USER, time="2027-01-15T08:00:00"),
    "no-data": event("user.deleted", USER, data=...),
    "no-user": event("user.deleted", {}),
    "user-id-number": event("user.deleted", {"user_id": 1}),
    "user-id-control": event("user.deleted", {"user_id": "a\n"}),
    "no-member": event("organization.member.deleted", USER),
    "deep": b"[" * 10_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_no_event_is_refused(running: Running, body: bytes) -> None:
    assert await running.send(body) == (400, "invalid_input")
    assert await running.me() == 200


async def test_a_large_body_is_refused(running: Running) -> None:
    response = await running.client.post("/events", content=b" " * 70_000, headers=AUTHORIZED)
    assert response.status_code == 413


async def test_without_the_setting_the_route_answers_404(issuer: Issuer, clock: HandClock) -> None:
    app = Running(issuer, clock)
    async with running_app(app.app) as app.client:
        assert await app.send(event("user.deleted", USER)) == (404, "not_found")
