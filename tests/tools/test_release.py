"""What a release consists of, and that two builds of one commit are equal."""

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

import release

ROOT = Path(__file__).parent.parent.parent
EPOCH = "1735689600"  # 2025-01-01
CYCLONEDX = ROOT / ".venv" / "release" / "bin" / "cyclonedx-py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for folder in folders:
        release.build(folder, EPOCH)
        release.write_checksums(folder)
    return folders


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_builds_are_equal_byte_by_byte(built: tuple[Path, Path]) -> None:
    one, two = map(contents, built)
    assert sorted(one) == [
        "SHA256SUMS",
        "auth0_devtenant-0.1.0-py3-none-any.whl",
        "auth0_devtenant-0.1.0.tar.gz",
        "auth0_sso-0.1.0-py3-none-any.whl",
        "auth0_sso-0.1.0.tar.gz",
    ]
    assert one == two


def test_the_time_in_the_archives_is_that_of_the_commit(built: tuple[Path, Path]) -> None:
    with ZipFile(built[0] / "auth0_sso-0.1.0-py3-none-any.whl") as wheel:
        assert {entry.date_time for entry in wheel.infolist()} == {(2025, 1, 1, 0, 0, 0)}
    with tarfile.open(built[0] / "auth0_sso-0.1.0.tar.gz") as sdist:
        assert {str(entry.mtime) for entry in sdist} == {EPOCH}


def test_sha256sum_accepts_the_checksums(built: tuple[Path, Path]) -> None:
    run = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=built[0], capture_output=True, text=True, check=True
    )
    assert run.stdout.count(": OK\n") == 4


def test_the_bill_of_materials_names_what_is_locked_and_is_reproducible(tmp_path: Path) -> None:
    if not CYCLONEDX.exists():
        if "CI" in os.environ:
            pytest.fail("make test installs cyclonedx-bom, and it is missing")
        pytest.skip("needs cyclonedx-bom: make test installs it")
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        release.write_sbom(str(CYCLONEDX), tmp_path / name)
        texts.append((tmp_path / name / "auth0_sso-0.1.0.cdx.json").read_text())
    assert texts[0] == texts[1]
    document = json.loads(texts[0])
    assert document["bomFormat"] == "CycloneDX"
    locked = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "locks" / "runtime.txt").read_text(), re.MULTILINE)
    assert {(each["name"], each["version"]) for each in document["components"]} == set(locked)
    assert all(each["externalReferences"][0]["hashes"] for each in document["components"])
