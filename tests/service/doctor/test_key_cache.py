import asyncio
from pathlib import Path

import pytest

from auth0_sso.service.doctor.findings import Finding
from support.diagnosis import diagnose, given
from support.tenant_script import ScriptedTenant


def look(tenant: ScriptedTenant, file: Path | None) -> Finding:
    return asyncio.run(diagnose(tenant, given(auth0_jwks_cache_file=file))).one("key-cache")


def test_without_a_file_there_is_nothing_to_check(healthy: ScriptedTenant) -> None:
    assert look(healthy, None).status == "skip"


@pytest.mark.parametrize("folder", [".", "new"])
def test_a_private_directory_passes_and_nothing_is_written(
    healthy: ScriptedTenant, tmp_path: Path, folder: str
) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / folder / "jwks.json"
    finding = look(healthy, file)
    assert finding.status == "pass"
    assert finding.message.endswith("will be made at the first fetch of keys")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_can_be_read_and_replaced(healthy: ScriptedTenant, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "jwks.json"
    file.write_text("{}")
    file.chmod(0o600)
    finding = look(healthy, file)
    assert finding.message.endswith("can be read and replaced")


def test_a_directory_that_others_can_write_fails(healthy: ScriptedTenant, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    finding = look(healthy, tmp_path / "jwks.json")
    assert finding.status == "fail"
    assert "other users than its owner can write its directory" in finding.message
    assert f"chown the directory {tmp_path}" in finding.fix


def test_a_file_whose_directory_cannot_be_made_fails(healthy: ScriptedTenant, tmp_path: Path) -> None:
    file = tmp_path / "a" / "jwks.json"
    (tmp_path / "a").mkdir(0o700)
    settings = given(auth0_jwks_cache_file=file / "jwks.json")
    (tmp_path / "a").rmdir()
    finding = asyncio.run(diagnose(healthy, settings)).one("key-cache")
    assert (finding.status, "Permission denied" in finding.message) == ("fail", True)
