"""What the notes of a release say of its changes, its commit, its files and the check of its images."""

from pathlib import Path

import pytest

import release
from release_notes import changes, container_check

ROOT = Path(__file__).parent.parent.parent
COMMIT = "5c2ff39d" * 5
CHANGELOG = """\
# Changelog

## Unreleased

- Next

## [0.2.0] - 2026-11-27

- New

### Fixed

- Old

## 0.1.0

- First
"""


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("0.2.0", "- New\n\n### Fixed\n\n- Old"),
        ("0.1.0", "- First"),
        ("0.1", "- Next"),
        ("0.3.0", "- Next"),
    ],
)
def test_the_changes_are_those_of_the_version(version: str, text: str) -> None:
    assert changes(CHANGELOG, version) == text


def test_a_changelog_without_the_version_is_no_release() -> None:
    with pytest.raises(SystemExit, match=r"neither for 0\.3\.0 nor for what is unreleased"):
        changes("# Changelog\n\n## 0.2.0\n\n- New\n", "0.3.0")


@pytest.mark.parametrize(
    ("stamp", "sentence"),
    [
        (None, "`make container` has not passed for this commit here."),
        ("", "`make container` has not passed for this commit here."),
        ("0" * 40 + "\nthe Docker engine\n", "`make container` has not passed for this commit here."),
        (f"{COMMIT}\nthe Docker engine\n", "`make container` passed for this commit, with the Docker engine."),
    ],
)
def test_only_a_pass_for_the_commit_counts(tmp_path: Path, stamp: str | None, sentence: str) -> None:
    if stamp is not None:
        (tmp_path / "passed").write_text(stamp)
    assert container_check(tmp_path / "passed", COMMIT).endswith(sentence)


def test_two_runs_write_equal_notes_of_the_files_and_the_commit(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_text("a")
    (tmp_path / "b.tar.gz").write_text("b")
    texts = []
    for _ in range(2):
        release.write_checksums(tmp_path)
        release.write_notes(tmp_path, COMMIT, tmp_path / "passed")
        texts.append((tmp_path / "RELEASE-NOTES.md").read_text())
    assert texts[0] == texts[1]
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert [line.split()[1] for line in sums.splitlines()] == ["a.whl", "b.tar.gz"]
    assert sums in texts[0]
    assert f"git checkout {COMMIT}\nmake release\n" in texts[0]
    assert changes((ROOT / "CHANGELOG.md").read_text(), release.version()) in texts[0]
