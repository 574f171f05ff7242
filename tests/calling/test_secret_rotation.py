"""Files of secrets that change while an app runs, and what is made of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, create_tenant
from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.calling.secret_rotation import SecretRotation
from auth0_sso.clock import SYSTEM_CLOCK, MonotonicTime, WallTime
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.settings import Settings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.services.auth0_events import Auth0Events
from auth0_sso.web.services.components import Shared
from auth0_sso.web.services.revocations import Revocations, deny_list_of
from auth0_sso.web.services.services import open_services
from auth0_sso.web.services.shared import open_shared
from auth0_sso.web.services.webhook import Webhook
from support.environment import load
from support.redis_server import RedisServer
from support.service import ADMIN, OPTIONS, Wire, person_id

OLD, NEW = "the-old-secret-0123", "the-new-secret-0123"
LIMITS = Policy.parse("10/minute").limits
SECRET = "AUTH0_MANAGEMENT_CLIENT_SECRET"

pytestmark = pytest.mark.usefixtures("clean_environment")


@dataclass
class Pauses:
    """A clock whose pauses are over at once; at each of them the next of `steps` is made."""

    steps: list[Callable[[], object]] = field(default_factory=list)
    made: list[float] = field(default_factory=list)

    def wall(self) -> WallTime:
        return SYSTEM_CLOCK.wall()

    def monotonic(self) -> MonotonicTime:
        return SYSTEM_CLOCK.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.made.append(seconds)
        if self.steps:
            self.steps.pop(0)()
        await asyncio.sleep(0)


@dataclass
class Rotating:
    """An app's rotation, and the file of its secret."""

    rotation: SecretRotation
    proofs: Proofs
    file: Path
    pauses: Pauses
    told: list[None]

    async def write(self, *secrets: str) -> None:
        self.file.write_text("\n".join(secrets))
        await self.rotation.reread()

    @property
    def first(self) -> object:
        return self.proofs.preferred

    @property
    def second(self) -> object:
        return self.proofs.next_after([self.proofs.preferred])


def rotating(settings: Settings, directory: Path, shared: Shared | None = None) -> Rotating:
    proofs, pauses, told = Proofs(*proofs_of(settings)), Pauses(), list[None]()
    rotation = SecretRotation(
        settings,
        proofs,
        store=None if shared is None else shared.store,
        keyring=None if shared is None else shared.keyring,
        clock=pauses,
    )
    rotation.on_new_proofs(lambda: told.append(None))
    return Rotating(rotation, proofs, directory / "secrets" / SECRET, pauses, told)


@pytest.fixture
async def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Rotating:
    caplog.set_level(logging.INFO)
    (tmp_path / "secrets" / SECRET).write_text(OLD)
    app = rotating(load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client"), tmp_path)
    await app.rotation.reread()
    return app


async def test_a_changed_secret_is_used_and_logged_by_name(app: Rotating, caplog: pytest.LogCaptureFixture) -> None:
    await app.write(NEW)
    assert (app.first, app.second) == (NEW, None)
    assert len(app.told) == 1
    (record,) = caplog.records
    assert record.getMessage() == f"secrets were read again and are used now: {SECRET}"


async def test_two_secrets_are_tried_in_their_order(app: Rotating) -> None:
    await app.write(OLD, NEW)
    assert (app.first, app.second) == (OLD, NEW)


async def test_a_file_that_has_not_changed_changes_nothing(app: Rotating, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        await app.rotation.reread()
    await app.write(OLD)
    assert (app.told, caplog.records) == ([], [])


async def test_a_change_before_the_first_look_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets" / SECRET).write_text(OLD)
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client")
    (tmp_path / "secrets" / SECRET).write_text(NEW)
    app = rotating(settings, tmp_path)
    await app.rotation.reread()
    assert app.first == NEW


async def test_an_empty_file_leaves_the_old_secret_and_is_logged_once(
    app: Rotating, caplog: pytest.LogCaptureFixture
) -> None:
    await app.write("")
    for _ in range(3):
        await app.rotation.reread()
    await app.write("\n")
    assert app.first == OLD
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert f"{SECRET} and AUTH0_MANAGEMENT_CLIENT_ID are not set together" in record.getMessage()
    await app.write(NEW)
    assert app.first == NEW
    await app.write("")
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO", "ERROR"]


async def test_a_bad_secret_is_not_in_the_log(app: Rotating, caplog: pytest.LogCaptureFixture) -> None:
    await app.write(f"{NEW} and more")
    assert app.first == OLD
    assert f"{SECRET} has whitespace" in caplog.text
    assert NEW not in caplog.text


async def test_a_file_that_is_being_written_is_read_when_it_is_whole(
    app: Rotating, caplog: pytest.LogCaptureFixture
) -> None:
    app.pauses.steps = [
        lambda: app.file.write_text(NEW[:5]),
        lambda: app.file.write_text(NEW[:9]),
        lambda: app.file.write_text(NEW),
    ]
    await app.write("")
    assert app.first == NEW
    assert len(app.told) == 1
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert app.pauses.made == [0.25] * 4


async def test_a_file_that_never_rests_is_read_all_the_same(app: Rotating) -> None:
    app.pauses.steps = [lambda: app.file.write_text(f"{NEW}\n{OLD}")] * 50
    await app.write(NEW)
    assert app.first == NEW
    assert len(app.pauses.made) == 20


async def test_fifty_refusals_at_once_read_the_files_once(app: Rotating) -> None:
    app.file.write_text(NEW)
    await asyncio.gather(*(app.rotation.reread() for _ in range(50)))
    assert len(app.told) == 1


async def test_the_files_are_looked_at_every_five_seconds(app: Rotating) -> None:
    looking = asyncio.create_task(app.rotation.keep_reading())
    app.pauses.steps = [lambda: app.file.write_text(NEW)]
    async with asyncio.timeout(5):
        while app.first != NEW:
            await asyncio.sleep(0.005)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await app.rotation.aclose()
    assert app.pauses.made[:2] == [5.0, 0.25]


async def test_an_unexpected_error_does_not_end_the_rotation(app: Rotating, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("an unexpected error")

    app.rotation.on_new_proofs(fail)
    app.pauses.steps = [lambda: app.file.write_text(NEW)]
    looking = asyncio.create_task(app.rotation.keep_reading())
    async with asyncio.timeout(5):
        while "an unexpected error" not in caplog.text or len(app.pauses.made) < 5:
            await asyncio.sleep(0.005)
    assert not looking.done()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_settings_made_in_code_are_not_read_again(tmp_path: Path) -> None:
    settings = Settings.of(
        auth0_domain="acme.eu.auth0.com",
        auth0_audience="https://api.example.com",
        auth0_management_client_id="client",
        auth0_management_client_secret=OLD,
    )
    app = rotating(settings, tmp_path)
    await app.write(NEW)
    assert app.first == OLD


@asynccontextmanager
async def with_store(
    monkeypatch: pytest.MonkeyPatch, directory: Path, url: str, **variables: str
) -> AsyncIterator[tuple[Rotating, Shared]]:
    (directory / "secrets" / "RATE_LIMIT_STORAGE_URL").write_text(url)
    settings = load(monkeypatch, RATE_LIMIT_STORE_TIMEOUT_SECONDS="5", **variables)
    async with open_shared(settings, SYSTEM_CLOCK) as shared:
        app = rotating(settings, directory, shared)
        await app.rotation.reread()
        yield app, shared


async def test_the_sealing_key_follows_the_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis: RedisServer
) -> None:
    (tmp_path / "secrets" / SECRET).write_text(OLD)
    client = {"AUTH0_MANAGEMENT_CLIENT_ID": "client"}
    async with with_store(monkeypatch, tmp_path, redis.url, **client) as (app, shared):
        assert shared.roles is not None
        sealed = shared.roles._sealed  # noqa: SLF001 - what the roles are sealed with
        before = sealed.seal("place", "x")
        await app.write(OLD, NEW)
        await app.write(NEW, OLD)
        after = sealed.seal("place", "x")
        assert before[:8] != after[:8]
        assert sealed.unseal("place", before) == sealed.unseal("place", after) == "x"
        await app.write(NEW)
        assert sealed.unseal("place", before) == "x"


async def test_a_store_with_a_new_password_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    redis.cli("acl", "setuser", "service", "on", ">old-word", "~*", "+@all")
    address = redis.url.replace("//", "//service:{}@")
    file = tmp_path / "secrets" / "RATE_LIMIT_STORAGE_URL"
    async with with_store(monkeypatch, tmp_path, address.format("old-word")) as (app, shared):
        file.write_text(address.format("new-word"))
        for _ in range(3):
            await app.rotation.reread()  # its password is not known there yet
        redis.cli("acl", "setuser", "service", ">new-word")
        await app.rotation.reread()
        redis.cli("acl", "setuser", "service", "<old-word")
        redis.cli("client", "kill", "user", "service")
        await asyncio.sleep(0.01)  # the loop reads that they were closed
        assert [quota.remaining for quota in await shared.counter.hit(LIMITS, "route", "caller", 1)] == [10]
        assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
        assert "RATE_LIMIT_STORAGE_URL has an address or a password with which the store fails" in caplog.text
        assert "old-word" not in caplog.text
        assert "new-word" not in caplog.text


async def test_a_refused_secret_is_read_again_before_a_call_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock
) -> None:
    async def sleep(_: SecretRotation) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(SecretRotation, "keep_reading", sleep)  # the refusal alone has the file read
    file = tmp_path / "secrets" / SECRET
    file.write_text(MANAGEMENT_CLIENT_SECRET)
    variables = {"AUTH0_DOMAIN": "127.0.0.1:3001", "AUTH0_ISSUER_BASE_URL": OPTIONS.issuer}
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID=MANAGEMENT_CLIENT_ID, **variables)
    wire = Wire(httpx.ASGITransport(create_tenant(OPTIONS, now=clock.wall, signing_keys=rsa_keys)))
    async with (
        httpx.AsyncClient(transport=wire.inner, base_url=OPTIONS.issuer) as at_tenant,
        open_services(settings, transport=wire, clock=clock) as services,
    ):
        assert services.management is not None
        await services.management.list_user_roles(person_id(ADMIN))
        form = {"grant_type": "client_credentials", "audience": f"{OPTIONS.issuer}api/v2/"}
        form |= {"client_id": MANAGEMENT_CLIENT_ID, "client_secret": MANAGEMENT_CLIENT_SECRET}
        token = (await at_tenant.post("/oauth/token", data=form)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/api/v2/clients/{MANAGEMENT_CLIENT_ID}/rotate-secret"
        file.write_text((await at_tenant.post(path, headers=headers)).json()["client_secret"])
        await at_tenant.post("/_development/faults", json={"path": "/api/v2/users/", "status": 401})
        await services.management.list_user_roles(person_id(ADMIN))
        assert wire.count("POST /oauth/token") == 3  # then refused once, and accepted


async def test_two_tokens_of_the_event_stream_are_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: HandClock
) -> None:
    old, new = "o" * 32, "n" * 32
    file = tmp_path / "secrets" / "AUTH0_EVENTS_TOKEN"
    file.write_text(old)
    settings = load(monkeypatch)
    events = Auth0Events(settings, Revocations(deny_list_of(settings, clock), settings.issuer))
    rotation = SecretRotation(settings, Proofs())
    rotation.on_new_token("auth0_events_token", events.accept)

    async def accepted(text: str) -> list[str]:
        file.write_text(text)
        await rotation.reread()
        return [token for token in (old, new) if _is_accepted(events, token)]

    assert await accepted(old) == [old]
    assert await accepted(f"{old}\n{new}\n") == [old, new]
    assert await accepted(new) == [new]
    assert await accepted("short") == [new]
    assert await accepted("") == [new]


def _is_accepted(webhook: Webhook, token: str) -> bool:
    return webhook.has_token(token.encode())


@pytest.mark.parametrize("setting", ["AUTH0_EVENTS_TOKEN", "AUTH0_LOGS_TOKEN"])
async def test_events_and_logs_are_not_turned_on_without_a_restart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    rotation = SecretRotation(load(monkeypatch), Proofs())
    await rotation.reread()
    (tmp_path / "secrets" / setting).write_text("n" * 32)
    await rotation.reread()
    assert f"{setting} is set now and was not at the start: restart." in caplog.text


@pytest.mark.parametrize("setting", ["AUTH0_EVENTS_TOKEN", "AUTH0_LOGS_TOKEN"])
async def test_a_running_app_accepts_the_new_token_of_the_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: HandClock, issuer: Issuer, setting: str
) -> None:
    old, new = "o" * 32, "n" * 32
    file = tmp_path / "secrets" / setting
    file.write_text(old)
    settings = load(monkeypatch)
    file.write_text(new)
    async with asyncio.timeout(20), open_services(settings, keys=StaticKeys(issuer.jwks()), clock=clock) as services:
        webhooks: list[Webhook] = [*services.events, *([services.logs] if services.logs else [])]
        (webhook,) = webhooks
        while not _is_accepted(webhook, new):
            await asyncio.sleep(0)
        assert not _is_accepted(webhook, old)
