"""The service with an audit database."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.audit_records import migrated, stored_ids, until
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
