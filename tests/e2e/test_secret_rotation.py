"""Rotating the Management client's secret (docs/operations.md) under load, by two workers that share a Redis."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET
from support.process import token_of
from support.redis_server import RedisServer
from support.service import ADMIN
from support.serving import Serving, serve

NAME = "AUTH0_MANAGEMENT_CLIENT_SECRET"
CHOSEN = "a-secret-that-the-operator-has-made-0123456789"


@dataclass
class Load:
    """Requests that need the Management API, without a pause, and the statuses of their answers."""

    url: str
    headers: dict[str, dict[str, str]]
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(base_url=self.url, headers={"Connection": "close"}) as client:  # so both workers answer
            while not self._ended.is_set():
                for path, headers in self.headers.items():
                    self.statuses[path, client.get(path, headers=headers).status_code] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()


@dataclass
class Operator:
    """Who rotates the secret: at the tenant, and in the file of the workers."""

    serving: Serving
    file: Path
    issuer: str
    token: str = field(repr=False)
    changes: int = 0

    def write(self, *secrets: str) -> None:
        """Write the file as deployment tools do, and wait until both workers have read it."""
        self.changes += 1
        other = self.file.with_name("other")
        other.write_text("\n".join(secrets))
        other.rename(self.file)
        self.serving.logged(f"secrets were read again and are used now: {NAME}", 2 * self.changes)

    def at_tenant(self, method: str, path: str, json: object = None) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.issuer}api/v2/clients/{MANAGEMENT_CLIENT_ID}{path}"
        answer = httpx.request(method, url, json=json, headers=headers)
        assert answer.is_success, answer.text
        body: dict[str, object] = answer.json()
        return body

    def renew_token(self, *, requests: int) -> None:
        """Have the tenant reject Management tokens until the workers ask for another; they do with so many requests.

        A token that is rejected by one worker may have been replaced by the other.
        """
        wanted, end, next_fault = self.tokens_requested + requests, time.monotonic() + 60, 0.0
        while self.tokens_requested < wanted:
            assert time.monotonic() < end, "no token is requested"
            if self.tokens_requested == wanted - requests and time.monotonic() >= next_fault:
                # Not sooner: the request that is sent again must not be rejected too.
                fault = {"path": "/api/v2/users/", "times": 1, "status": 401}
                httpx.post(f"{self.issuer}_development/faults", json=fault).raise_for_status()
                next_fault = time.monotonic() + 5
            time.sleep(0.1)
        time.sleep(0.5)  # for one request too many
        assert self.tokens_requested == wanted

    @property
    def tokens_requested(self) -> int:
        counts = httpx.get(f"{self.issuer}_development/requests").json()
        return int(counts.get("POST /oauth/token", 0))

    @property
    def refused(self) -> int:
        """How many secrets Auth0 has refused, by what the workers log."""
        return self.serving.log.read_text().count("Auth0 refuses a secret or key of the Management client")


@contextmanager
def rotating(tenant_port: int, folder: Path, redis: RedisServer) -> Iterator[tuple[Operator, Load]]:
    """Run two workers under load until the block ends, with the secret in a file."""
    issuer = f"http://127.0.0.1:{tenant_port}/"
    file = folder / "secrets" / NAME
    file.parent.mkdir()
    file.write_text(MANAGEMENT_CLIENT_SECRET)
    admin = token_of(tenant_port, ADMIN)
    variables = {
        NAME: "",
        "SECRETS_DIR": str(file.parent),
        "RATE_LIMIT_STORAGE_URL": redis.url,
        "AUTH0_ROLE_TTL_SECONDS": "1",
    }
    with serve(tenant_port, folder / "log", 2, **variables) as serving:
        serving.workers(2)
        load = Load(serving.url, {"/dashboard": admin, "/admin/users": admin})
        with load.running():
            yield Operator(serving, file, issuer, management_token(issuer)), load
        assert serving.stop() == 0


def management_token(issuer: str) -> str:
    """Return the operator's own token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": MANAGEMENT_CLIENT_ID,
        "client_secret": MANAGEMENT_CLIENT_SECRET,
        "audience": f"{issuer}api/v2/",
    }
    return str(httpx.post(f"{issuer}oauth/token", data=form).raise_for_status().json()["access_token"])


def require_no_failure(load: Load, operator: Operator) -> None:
    assert {status for _, status in load.statuses} == {200}, load.statuses
    assert all(number > 20 for number in load.statuses.values())
    operator.serving.workers(2)  # the same two: none was restarted
    log = operator.serving.log.read_text()
    assert len(re.findall(r"Started server process", log)) == 2
    assert "Traceback" not in log
    assert CHOSEN not in log


def test_a_secret_rotates_under_load_without_a_failed_request(
    tenant_port: int, tmp_path: Path, redis: RedisServer
) -> None:
    with rotating(tenant_port, tmp_path, redis) as (operator, load):
        # A secret that the operator has made: the workers know it before Auth0 does.
        operator.write(MANAGEMENT_CLIENT_SECRET, CHOSEN)
        operator.at_tenant("PATCH", "", {"client_secret": CHOSEN})
        operator.renew_token(requests=2)  # refused, then accepted
        operator.write(CHOSEN, MANAGEMENT_CLIENT_SECRET)
        operator.renew_token(requests=1)
        # One that Auth0 makes: the token of before serves until the workers know it.
        new = str(operator.at_tenant("POST", "/rotate-secret")["client_secret"])
        eventually_more(load)
        operator.write(CHOSEN, new)
        operator.renew_token(requests=2)
        operator.write(new)
        operator.renew_token(requests=1)
        assert operator.refused == 2
    require_no_failure(load, operator)
    assert new not in operator.serving.log.read_text()


def eventually_more(load: Load) -> None:
    """Wait for forty more answers, those under way not counted."""
    before, end = load.statuses.total(), time.monotonic() + 30
    while load.statuses.total() < before + 40:
        assert time.monotonic() < end, load.statuses
        time.sleep(0.02)
