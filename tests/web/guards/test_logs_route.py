"""Auth0's Log Streams: who may send what the tenant logs, and what is counted of it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth0_sso import StaticKeys, harden, logs_router, protect
from auth0_sso.events import Event, RequestRefused, TenantLogEvents
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.services.auth0_logs import TYPES
from support.logged_secrets import LOGS_TOKEN as TOKEN
from support.own_app import own_settings
from support.running_app import running_app

AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}


def entry(log_id: object, kind: object, **data: object) -> dict[str, object]:
    """Return a log event as Auth0 sends it."""
    return {"log_id": log_id, "data": {"type": kind, "date": "2026-11-27T01:00:00Z", "ip": "192.0.2.9", **data}}


def array(*entries: object) -> bytes:
    return json.dumps(entries).encode()


class Running:
    """An app with the route, and what was counted."""

    def __init__(self, issuer: Issuer, clock: HandClock, *, hardened: bool = True, **changes: object) -> None:
        self.app = FastAPI()
        self.app.include_router(logs_router("/logs"))
        self._events: list[Event] = []
        protect(
            self.app,
            own_settings(**changes),
            keys=StaticKeys(issuer.jwks("key-0")),
            clock=clock,
            observer=self._events.append,
        )
        if hardened:
            harden(self.app, max_body_bytes=1000)
        self.client = AsyncClient()

    async def send(self, body: bytes, headers: dict[str, str] = AUTHORIZED) -> tuple[int, str]:
        response = await self.client.post("/logs", content=body, headers=headers)
        return response.status_code, response.json().get("code", "") if response.content else ""

    @property
    def counted(self) -> dict[str, int]:
        counted = Counter[str]()
        for event in self._events:
            if isinstance(event, TenantLogEvents):
                counted[event.type] += event.number
        return {kind: number for kind, number in counted.items() if number}

    @property
    def reasons(self) -> list[str]:
        return [event.error.reason for event in self._events if isinstance(event, RequestRefused)]

    @property
    def begun(self) -> set[str]:
        return {event.type for event in self._events if isinstance(event, TenantLogEvents)}


@pytest.fixture
async def running(issuer: Issuer, clock: HandClock) -> AsyncIterator[Running]:
    app = Running(issuer, clock, auth0_logs_token=TOKEN)
    async with running_app(app.app) as app.client:
        yield app


EVENTS: Final[Sequence[dict[str, Any]]] = (entry("1", "fp"), entry("2", "fp"), entry("3", "limit_wc"))


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        (array(*EVENTS), {"fp": 2, "limit_wc": 1}),
        (b"\n".join(json.dumps(each).encode() for each in EVENTS) + b"\n\r\n", {"fp": 2, "limit_wc": 1}),
        (json.dumps({"logs": EVENTS}, indent=1).encode(), {"fp": 2, "limit_wc": 1}),
        (json.dumps(EVENTS[0], indent=1).encode(), {"fp": 1}),
        (json.dumps(EVENTS[0]).encode() + b"\n", {"fp": 1}),
        (array(), {}),
    ],
    ids=["array", "lines", "object", "event", "line", "none"],
)
async def test_each_content_format_is_counted_by_type(running: Running, body: bytes, counted: dict[str, int]) -> None:
    assert await running.send(body) == (204, "")
    assert running.counted == counted


async def test_an_event_that_is_sent_again_is_counted_once(running: Running) -> None:
    assert await running.send(array(*EVENTS)) == (204, "")
    assert await running.send(array(EVENTS[0], entry("4", "fp"))) == (204, "")
    assert running.counted == {"fp": 3, "limit_wc": 1}


async def test_events_of_a_refused_request_are_counted_when_sent_again(running: Running) -> None:
    assert await running.send(array(*EVENTS, 1)) == (400, "invalid_input")
    assert await running.send(array(*EVENTS)) == (204, "")
    assert running.counted == {"fp": 2, "limit_wc": 1}


async def test_the_last_ten_thousand_events_are_remembered_alone(running: Running) -> None:
    many = [entry(str(number), "s") for number in range(10_001)]
    assert await running.send(array(*many)) == (204, "")
    assert await running.send(array(*many[1:])) == (204, "")
    assert running.counted == {"s": 10_001}
    assert await running.send(array(many[0])) == (204, "")
    assert running.counted == {"s": 10_002}


async def test_codes_that_are_not_listed_are_counted_together(running: Running) -> None:
    assert await running.send(array(entry("1", "sapi"), entry("2", "auth0|ann"), entry("3", "x" * 500))) == (204, "")
    assert running.counted == {"other": 3}


async def test_every_type_is_counted_from_zero(running: Running) -> None:
    assert running.begun == TYPES | {"other"}
    assert running.counted == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b"[" * 700,
        array(*EVENTS, 1),
        array(*EVENTS, entry(1, "fp")),
        array(*EVENTS, entry("", "fp")),
        array(*EVENTS, entry("4", None)),
        array(*EVENTS, entry("4", "x" * 513)),
        array(*EVENTS, {"log_id": "4", "data": []}),
        array(*EVENTS) + b"\n{",
        json.dumps({"logs": [*EVENTS, 1]}).encode(),
        b'{"logs": {}}',
    ],
    ids=[
        "empty",
        "null",
        "no-id",
        "no-json",
        "no-text",
        "deep",
        "number",
        "id-number",
        "id-empty",
        "type-null",
        "type-long",
        "data-list",
        "line-cut",
        "object-number",
        "object-no-list",
    ],
)
async def test_anything_else_is_refused_and_nothing_of_it_counted(running: Running, body: bytes) -> None:
    status = (204, "") if body == b"" else (400, "invalid_input")
    assert await running.send(body) == status
    assert running.reasons == ([] if body == b"" else ["log_malformed"])
    assert running.counted == {}


async def test_a_long_request_passes_the_limit_of_the_app_and_not_a_mebibyte(running: Running) -> None:
    many = [entry(str(number), "fu", user_agent="x" * 900) for number in range(1000)]
    assert 900_000 < len(array(*many)) < 1024 * 1024
    assert await running.send(array(*many)) == (204, "")
    assert running.counted == {"fu": 1000}
    status, _ = await running.send(array(*many, *many))
    assert status == 413
    assert running.counted == {"fu": 1000}


async def test_a_long_request_is_refused_without_a_limit_of_the_app(issuer: Issuer, clock: HandClock) -> None:
    app = Running(issuer, clock, hardened=False, auth0_logs_token=TOKEN)
    async with running_app(app.app) as app.client:
        status, _ = await app.send(b" " * 1024 * 1024 + array(*EVENTS))
    assert status == 413
    assert app.counted == {}


async def test_the_body_of_another_sender_is_not_read(running: Running) -> None:
    status, code = await running.send(b" " * 1024 * 1024 + array(*EVENTS), {"Authorization": f"Bearer {TOKEN}x"})
    assert (status, code) == (401, "invalid_token")
    assert running.reasons == ["logs_token_mismatch"]


@pytest.mark.parametrize(
    ("authorization", "code"),
    [(None, "missing_token"), (TOKEN, "missing_token"), (f"Bearer {TOKEN}x", "invalid_token")],
    ids=["none", "scheme", "other"],
)
async def test_only_the_stream_may_send(running: Running, authorization: str | None, code: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    status, found = await running.send(array(*EVENTS), headers)
    assert (status, found) == (401, code)
    assert running.counted == {}


async def test_two_tokens_are_accepted_while_one_is_rotated(issuer: Issuer, clock: HandClock) -> None:
    app = Running(issuer, clock, auth0_logs_token=f"{TOKEN}\n{'n' * 32}")
    async with running_app(app.app) as app.client:
        for number, token in enumerate((TOKEN, "n" * 32)):
            sent = await app.send(array(entry(str(number), "f")), {"Authorization": f"Bearer {token}"})
            assert sent == (204, "")
    assert app.counted == {"f": 2}


async def test_without_the_setting_there_is_nothing(issuer: Issuer, clock: HandClock) -> None:
    app = Running(issuer, clock)
    async with running_app(app.app) as app.client:
        assert await app.send(array(*EVENTS)) == (404, "not_found")
    assert app.reasons == ["logs_token_missing"]
    assert app.begun == set()


async def test_the_openapi_document_does_not_show_it(running: Running) -> None:
    assert "/logs" not in running.app.openapi()["paths"]
