"""The audit trail of two workers, whose PostgreSQL is killed and started again under load, until a SIGTERM."""

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from os import environ
from pathlib import Path

import httpx
import pytest

from support.postgresql_server import PostgresServer, postgresql_server
from support.process import COMMAND, token_of, until
from support.service import ADMIN, MANAGER, USER, person_id
from support.serving import Serving, serve

WORKERS = 2
ACTION_EVERY = 10
BLOCK = f"/admin/users/{person_id(MANAGER).replace('|', '%7C')}/block"


@dataclass
class Load:
    """Denied requests without a pause, an administrator's action between them, and the ids of those answered."""

    url: str
    denied_headers: dict[str, str]
    admin_headers: dict[str, str]
    denied: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until a request is not answered, since the service has stopped, or until the test's end."""
        with httpx.Client(base_url=self.url, headers={"Connection": "close"}, timeout=30) as client:  # so both answer
            for number in count():
                if self._ended.is_set() or self.unanswered:
                    return
                self._ask(client, f"request-{number}", is_action=number % ACTION_EVERY == 0)

    def _ask(self, client: httpx.Client, request_id: str, *, is_action: bool) -> None:
        method, path = ("PUT", BLOCK) if is_action else ("DELETE", BLOCK)
        headers = self.admin_headers if is_action else self.denied_headers
        try:
            answer = client.request(method, path, headers=headers | {"X-Request-ID": request_id})
        except httpx.TransportError:
            self.unanswered.append(request_id)
            return
        if not (answer.is_success if is_action else answer.status_code == 403):
            self.wrong.append(f"{method} {answer.status_code} {answer.text}")
        (self.actions if is_action else self.denied).append(request_id)

    def end(self) -> None:
        self._ended.set()

    def goes_on(self, requests: int) -> None:
        """Wait for so many more answers to requests of each kind."""
        denied, actions = len(self.denied) + requests, len(self.actions) + requests // ACTION_EVERY
        until(lambda: bool(self.unanswered) or (len(self.denied) >= denied and len(self.actions) >= actions))
        assert not self.unanswered


@contextmanager
def loaded(url: str, user: dict[str, str], admin: dict[str, str]) -> Iterator[Load]:
    load = Load(url, user, admin)
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield load
    finally:
        load.end()
        thread.join()


@dataclass(frozen=True)
class Database:
    """The database of the trail, and what it has."""

    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def rows(self) -> list[tuple[str, str | None, str, str]]:
        """Return the id, the request's id, the action and the outcome of each record."""
        statement = "SELECT id, request_id, action, outcome FROM auth0_sso_audit"
        return [tuple(row) for row in self.server.execute(statement, self.name)]

    def has_request(self, request_id: str) -> bool:
        return any(row[1] == request_id for row in self.rows())


@pytest.fixture
def database() -> Iterator[Database]:
    """A migrated database on a server that the test may kill."""
    with postgresql_server() as server:
        made = Database(server, server.create_database())
        variables = environ | {"AUDIT_DATABASE_URL": made.url}
        subprocess.run([*COMMAND, "audit", "migrate"], env=variables, capture_output=True, check=True, timeout=60)
        yield made


def test_each_record_is_stored_once_though_the_database_is_killed(
    tenant_port: int, tmp_path: Path, database: Database
) -> None:
    user, admin = token_of(tenant_port, USER), token_of(tenant_port, ADMIN)
    with serving_with(database, tenant_port, tmp_path) as serving, loaded(serving.url, user, admin) as load:
        load.goes_on(20)
        database.server.kill()
        until(lambda: outages_begun(serving) == WORKERS)
        load.goes_on(50)
        last_before_start = len(load.denied) - 1
        database.server.start()
        load.goes_on(20)
        until(lambda: database.has_request(load.denied[last_before_start]))
        assert serving.stop() == 0
    assert load.wrong == []
    rows = database.rows()
    assert sorted(row[0] for row in rows) == sorted(each["event"]["id"] for each in logged_records(serving))
    assert max(Counter(row[0] for row in rows).values()) == 1
    assert_stored(rows, "access-denied", "failure", load.denied, load.unanswered)
    assert_stored(rows, "block-user", "success", load.actions, load.unanswered)
    assert list((tmp_path / "spill").iterdir()) == []


@contextmanager
def serving_with(database: Database, tenant_port: int, folder: Path) -> Iterator[Serving]:
    variables = {
        "AUDIT_DATABASE_URL": database.url,
        "AUDIT_SPILL_DIRECTORY": str(folder / "spill"),
        "LOG_FORMAT": "json",
    }
    with serve(tenant_port, folder / "log", WORKERS, **variables) as serving:
        yield serving


def logged_records(serving: Serving) -> list[dict[str, dict[str, str]]]:
    """Return the audit records as the log has them: what was made, whatever the database has of it."""
    complete, _, _ = serving.log.read_text().rpartition("\n")
    lines = [json.loads(line) for line in complete.splitlines()]
    return [line for line in lines if line["logger"] == "auth0_sso.audit"]


def outages_begun(serving: Serving) -> int:
    return sum(each["event"]["action"] == "outage-began" for each in logged_records(serving))


def assert_stored(
    rows: list[tuple[str, str | None, str, str]],
    action: str,
    outcome: str,
    answered: list[str],
    unanswered: list[str],
) -> None:
    """Fail unless each answered request has one record; the last one may have been cut off after its record."""
    stored = Counter(row[1] for row in rows if row[2:] == (action, outcome) and row[1] not in unanswered)
    assert stored == Counter(answered)
