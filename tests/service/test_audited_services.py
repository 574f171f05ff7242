"""The service with an audit database."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.audit.storage import AuditTrail, open_audit
from auth0_sso.audit.trail import AuditQuery
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.service.audited_services import audited
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from auth0_sso.web.services.services import open_services
from support.audit_records import audit_record, migrated, stored_ids, until
from support.environment import load
from support.postgresql_server import PostgresServer, postgresql_server
from support.service import ADMIN, running_service


@pytest.fixture(scope="module")
def mortal() -> Iterator[PostgresServer]:
    """A server that a test may freeze, and leaves running."""
    with postgresql_server() as server:
        yield server


async def test_denied_and_refused_requests_are_in_the_database(
    rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/audit.db"
    async with running_service(rsa_keys, clock, audit_database_url=url) as service:
        refused = await service.api.get("/profile", headers={"Authorization": "Bearer not-a-token"})
        assert refused.status_code == 401
        admin = await service.as_user(ADMIN)

        async def listed() -> list[str]:
            answer = await service.api.get("/admin/audit", headers=admin)
            assert answer.status_code == 200, answer.text
            return [each["event"]["action"] for each in answer.json()["records"]]

        await until(lambda: service.app.state.auth0_sso.audit.reader.health.pending == 0)
        assert "token-refused" in await listed()
    assert len(await stored_ids(url)) > 0


async def test_requests_are_served_while_the_database_is_frozen(
    rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock, mortal: PostgresServer, tmp_path: Path
) -> None:
    url = await migrated(mortal.url(mortal.create_database()))
    spill = tmp_path / "spill"
    async with running_service(rsa_keys, clock, audit_database_url=url, audit_spill_directory=spill) as service:
        admin = await service.as_user(ADMIN)
        health = service.app.state.auth0_sso.audit.reader
        mortal.freeze()
        try:
            for number in range(30):
                block = await service.api.put("/admin/users/auth0%7C64f1a0000000000000000003/block", headers=admin)
                assert block.status_code == 200, (number, block.text)
            await until(lambda: health.health.pending >= 30)
            unread = await service.api.get("/admin/audit", headers=admin)
            assert (unread.status_code, unread.json()["code"]) == (503, "audit_unavailable")
        finally:
            mortal.thaw()
    assert len(await stored_ids(url)) >= 30


@pytest.mark.usefixtures("clean_environment")
async def test_a_rotated_password_of_postgresql_is_used_without_a_restart(
    postgresql: PostgresServer,
    issuer: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    database, role = postgresql.create_database(), f"service_{uuid4().hex}"
    await migrated(postgresql.url(database))
    postgresql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'old-s3cr3t'")
    postgresql.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", database)
    postgresql.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}", database)
    file = tmp_path / "secrets" / "AUDIT_DATABASE_URL"
    file.write_text(postgresql.url(database, user=role, password="old-s3cr3t"))
    settings = load(monkeypatch, AUDIT_SPILL_DIRECTORY=str(tmp_path / "spill"))
    async with audited(open_services, settings)(settings, keys=StaticKeys(issuer.jwks())) as services:
        assert services.audit is not None
        trail = services.audit.reader
        assert isinstance(trail, AuditTrail)
        trail.write(audit_record(action="block-user"))
        await until(lambda: trail.health.pending == 0)
        postgresql.execute(f"ALTER ROLE {role} PASSWORD 'new-s3cr3t'")
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        postgresql.execute(f"{end} AND pid <> pg_backend_pid()", database)
        trail.write(audit_record(action="block-user"))
        await until(lambda: trail.health.last_error == "authentication")
        file.write_text(postgresql.url(database, user=role, password="new-s3cr3t"))
        await until(lambda: trail.health.pending == 0)
        assert len((await trail.page(AuditQuery(actions=frozenset({"block-user"})))).records) == 2
    assert caplog.text.count("secrets were read again and are used now: AUDIT_DATABASE_URL") == 1
    assert "s3cr3t" not in caplog.text


async def test_an_outage_of_the_database_is_a_metric_and_a_record(
    rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock, mortal: PostgresServer, tmp_path: Path
) -> None:
    database = mortal.create_database()
    await migrated(mortal.url(database))
    mortal.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    mortal.execute("CREATE ROLE shut_out LOGIN PASSWORD 'only-for-tests'")
    async with running_service(
        rsa_keys,
        clock,
        audit_database_url=mortal.url(database, user="shut_out"),
        audit_spill_directory=tmp_path / "spill",
        metrics_enabled=True,
    ) as service:
        trail = service.app.state.auth0_sso.audit.reader

        async def outage() -> list[str]:
            lines = (await service.api.get("/metrics")).text.splitlines()
            return [line for line in lines if line.startswith('auth0_sso_outage{component="audit database"}')]

        await service.api.get("/profile")  # refused: a record
        await until(lambda: trail.health.state == "down")
        assert await outage() == ['auth0_sso_outage{component="audit database"} 1.0']
        mortal.execute(f"GRANT CONNECT ON DATABASE {database} TO shut_out")
        mortal.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO shut_out", database)
        mortal.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shut_out", database)
        await until(lambda: trail.health.state == "up")
        assert await outage() == ['auth0_sso_outage{component="audit database"} 0.0']
        await until(lambda: trail.health.pending == 0)
    actions = [row["action"] for row in mortal.execute("SELECT action FROM auth0_sso_audit", database)]
    assert (actions.count("outage-began"), actions.count("outage-ended")) == (1, 1)


async def test_the_setting_says_after_how_many_days_records_are_deleted(
    rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth0_sso.audit.retention._FIRST_PAUSE", 0.0)
    url = f"sqlite:///{tmp_path}/audit.db"
    days_ago = [datetime.now(UTC) - timedelta(days=days) for days in (8, 6)]
    old, new = (audit_record(time=time) for time in days_ago)
    async with open_audit(url, tmp_path / "audit.db-spill") as trail:
        trail.write(old)
        trail.write(new)
    assert await stored_ids(url) == [old.id, new.id]
    async with running_service(rsa_keys, clock, audit_database_url=url, audit_retention_days=7):
        async with asyncio.timeout(30):
            while old.id in await stored_ids(url):
                await asyncio.sleep(0.02)
        assert new.id in await stored_ids(url)
