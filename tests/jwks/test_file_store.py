import asyncio
import json
import logging
from pathlib import Path

import httpx
import pytest

from auth0_sso.clock import WallTime
from auth0_sso.jwks.file_store import JwksFile
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.key_store import StoredKeys
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, Issuer
from support.tenant_keys import KeyPages, found, kept_fresh, outage, refusal
from support.tenant_script import JWKS, ScriptedTenant

LIVES = 600


class WatchedFile(JwksFile):
    """The file, and word of its writes: no request waits for those."""

    path: Path
    saved: asyncio.Event

    async def save(self, keys: StoredKeys) -> None:
        await super().save(keys)
        self.saved.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "jwks.json"


@pytest.fixture
def file(path: Path, clock: HandClock) -> WatchedFile:
    file = WatchedFile(path, ISSUER, clock=clock)
    file.path, file.saved = path, asyncio.Event()
    return file


def process(client: httpx.AsyncClient, file: JwksFile, clock: HandClock, *, max_stale: float = 86_400) -> RemoteJwks:
    """Return what a process that starts now has: nothing but the file."""
    freshness = Freshness(max_stale=max_stale)
    return RemoteJwks(client, ISSUER, freshness=freshness, store=file, clock=clock)


async def leave_keys_behind(client: httpx.AsyncClient, file: WatchedFile, clock: HandClock) -> None:
    before = process(client, file, clock)
    await found(before)
    async with asyncio.timeout(5):
        await file.saved.wait()
    await before.aclose()


def write(path: Path, content: str) -> None:
    path.parent.mkdir(0o700)
    path.write_text(content)
    path.chmod(0o600)


async def test_a_restart_during_an_outage_still_verifies(
    client: httpx.AsyncClient,
    file: WatchedFile,
    clock: HandClock,
    pages: KeyPages,
    tenant: ScriptedTenant,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "auth0_sso.jwks.remote")
    await leave_keys_behind(client, file, clock)
    pages.go_down()
    clock.now += 3600
    after = process(client, file, clock)
    assert await found(after) == "key-0"
    assert (after.health.state, after.health.age, after.health.last_error) == ("stale", 3600, "status_503")
    assert tenant.count(JWKS) == 1
    assert "signing keys restored: 1 usable, 3600 s old" in caplog.messages


async def test_an_unknown_kid_after_such_a_restart_is_unavailable(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages
) -> None:
    await leave_keys_behind(client, file, clock)
    pages.go_down()
    clock.now += 3600
    assert (await outage(process(client, file, clock), "key-1")).reason == "status_503"


async def test_stored_keys_expire_after_max_stale(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, caplog: pytest.LogCaptureFixture
) -> None:
    await leave_keys_behind(client, file, clock)
    pages.go_down()
    clock.now += LIVES + 1000 - 1
    assert await found(process(client, file, clock, max_stale=1000)) == "key-0"
    assert "too old" not in caplog.text
    clock.now += 1
    assert (await outage(process(client, file, clock, max_stale=1000))).reason == "status_503"
    assert "the stored signing keys are not used: they are too old (1600 s)" in caplog.messages


async def test_fetched_keys_replace_stored_ones(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages
) -> None:
    await leave_keys_behind(client, file, clock)
    pages.show("key-1")
    after = process(client, file, clock)
    assert await found(after, "key-1") == "key-1"
    assert await refusal(after, "key-0") == "kid_unknown"


async def test_fresh_stored_keys_are_used_during_the_first_fetch(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, tenant: ScriptedTenant
) -> None:
    await leave_keys_behind(client, file, clock)
    gate = asyncio.Event()
    pages.show("key-0", gate=gate)
    after = process(client, file, clock)
    async with kept_fresh(after, clock):
        await tenant.arrival(JWKS, 2)
        assert await found(after) == "key-0"
        gate.set()
    await after.aclose()


async def test_keys_that_another_process_saves_during_an_outage_are_loaded(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, issuer: Issuer
) -> None:
    pages.go_down()
    waiting = process(client, file, clock)
    await outage(waiting)
    await file.save(StoredKeys(issuer.jwks("key-0"), LIVES))
    clock.now += 31
    assert await found(waiting) == "key-0"


async def test_a_missing_file_is_not_logged(file: JwksFile, caplog: pytest.LogCaptureFixture) -> None:
    assert await file.load() is None
    assert caplog.text == ""


async def test_a_file_that_other_users_can_write_is_not_used(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, caplog: pytest.LogCaptureFixture
) -> None:
    await leave_keys_behind(client, file, clock)
    pages.go_down()
    assert await found(process(client, file, clock)) == "key-0"
    file.path.chmod(0o622)
    assert (await outage(process(client, file, clock))).reason == "status_503"
    assert (
        f"the signing keys file {file.path} is not used: other users than its owner can write it" in caplog.messages
    )


async def test_nothing_is_saved_in_a_directory_that_others_can_write(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, caplog: pytest.LogCaptureFixture
) -> None:
    path = file.path
    path.parent.mkdir()
    path.parent.chmod(0o1777)
    await leave_keys_behind(client, file, clock)
    assert not list(path.parent.iterdir())
    said = f"the signing keys file {path} is not written: other users than its owner can write its directory"
    assert said in caplog.messages


NOW = WallTime(1_800_000_000)
GOOD = {"issuer": ISSUER, "savedAt": NOW, "maxAge": LIVES, "jwks": {"keys": []}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("\u00e9", "not_json"),
        ("[]", "not keys of this issuer"),
        (json.dumps(GOOD | {"issuer": "https://other.example.com/"}), "not keys of this issuer"),
        (json.dumps(GOOD | {"savedAt": None}), "age is missing"),
        (json.dumps(GOOD | {"savedAt": "1800000000"}), "age is missing"),
        (json.dumps(GOOD | {"maxAge": None}), "age is missing"),
        (json.dumps(GOOD | {"maxAge": -1}), "age is missing"),
        (json.dumps(GOOD | {"maxAge": True}), "age is missing"),
        (json.dumps(GOOD | {"savedAt": True}), "age is missing"),
        (json.dumps(GOOD | {"savedAt": NOW + 1}), "in the future"),
        (json.dumps(GOOD | {"x": "y" * 4_194_304}), "larger than 4194304 bytes"),
    ],
    ids=range(13),
)
async def test_a_malformed_file_is_ignored(
    file: JwksFile, path: Path, caplog: pytest.LogCaptureFixture, content: str, why: str
) -> None:
    write(path, content)
    assert await file.load() is None
    assert why in caplog.text


async def test_stored_keys_that_cannot_be_used_are_ignored(
    client: httpx.AsyncClient, file: WatchedFile, clock: HandClock, pages: KeyPages, caplog: pytest.LogCaptureFixture
) -> None:
    await file.save(StoredKeys({"keys": []}, LIVES))
    pages.go_down()
    assert (await outage(process(client, file, clock))).reason == "status_503"
    assert "stored signing keys cannot be used" in caplog.text


async def test_a_directory_that_cannot_be_written_is_only_logged(
    client: httpx.AsyncClient, clock: HandClock, pages: KeyPages, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = JwksFile(tmp_path / "no" / "such" / "jwks.json", ISSUER, clock=clock)
    caplog.set_level(logging.WARNING)
    await nowhere.save(StoredKeys({}, LIVES))
    assert "is not written: No such file or directory" in caplog.text
    assert await found(process(client, nowhere, clock)) == "key-0"
