"""What `make audit` says of an answer of pip-audit, and of none. A script stands in for pip-audit's network."""

import json
from pathlib import Path

import pytest

import audit

VULNERABLE = {"name": "h11", "version": "0.1", "vulns": [{"id": "CVE-2025-43859", "fix_versions": ["0.16.0"]}]}
SOUND: dict[str, object] = {"name": "idna", "version": "3.10", "vulns": []}
UNKNOWN = {"name": "six", "skip_reason": "Dependency not found on PyPI"}


def command(folder: Path, *dependencies: object, output: str | None = None) -> str:
    """Return a program that prints a report, as pip-audit does."""
    (folder / "report").write_text(json.dumps({"dependencies": dependencies}) if output is None else output)
    program = folder / "program"
    program.write_text(f"#!/bin/sh\ncat {folder}/report\nexit 1\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("dependencies", "options", "code", "sentence"),
    [
        ([SOUND], ["--required"], 0, "0 known vulnerabilities\n"),
        ([SOUND, VULNERABLE], [], 1, "1 known vulnerabilities\n  h11 0.1: CVE-2025-43859, fixed in 0.16.0"),
        ([SOUND, UNKNOWN], [], 0, "NOT AUDITED, the database of advisories gives no answer here: six"),
        ([SOUND, UNKNOWN], ["--required"], 1, "NOT AUDITED"),
    ],
)
def test_the_exit_code_says_whether_something_was_found(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dependencies: list[object],
    options: list[str],
    code: int,
    sentence: str,
) -> None:
    assert audit.main([command(tmp_path, *dependencies), "a.txt", *options]) == code
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--required"]])
def test_no_answer_is_not_taken_for_no_vulnerability(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert audit.main([command(tmp_path, output="ConnectionError"), "a.txt", *options]) == len(options)
    printed = capsys.readouterr().out
    assert "NOT AUDITED" in printed
    assert "0 known" not in printed
