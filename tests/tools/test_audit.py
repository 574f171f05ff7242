"""What `make audit` says of an answer of pip-audit, and of none.

A script stands in for pip-audit, or a server of this machine for the database that pip-audit asks.
"""

import json
import os
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import audit

ROOT = Path(__file__).parent.parent.parent
PIP_AUDIT = ROOT / ".venv" / "release" / "bin" / "pip-audit"
VULNERABLE = {
    "name": "h11",
    "version": "0.1",
    "vulns": [{"id": "CVE-2025-43859", "fix_versions": ["0.16.0"]}],
}
SOUND = {"name": "idna", "version": "3.10", "vulns": []}
UNKNOWN = {"name": "six", "skip_reason": "Dependency not found on PyPI"}


def command(folder: Path, *dependencies: object, output: str | None = None) -> str:
    """Return a program that prints a report, as pip-audit does, and counts how often it was started."""
    (folder / "report").write_text(json.dumps({"dependencies": dependencies}) if output is None else output)
    program = folder / "program"
    program.write_text(f"#!/bin/sh\necho >>{folder}/runs\ncat {folder}/report\nexit 1\n")
    program.chmod(0o755)
    return str(program)


def lock(folder: Path, name: str, *pins: str) -> str:
    path = folder / name
    path.write_text("".join(f"{pin} \\\n    --hash=sha256:00\n" for pin in pins))
    return str(path)


@pytest.mark.parametrize(
    ("dependencies", "options", "code", "sentence"),
    [
        ([SOUND], ["--required"], 0, "1 locked packages were audited: 0 known vulnerabilities\n"),
        ([SOUND, VULNERABLE], [], 1, "1 known vulnerabilities\n  h11 0.1: CVE-2025-43859, fixed in 0.16.0 (a.txt)"),
        ([SOUND, UNKNOWN], [], 0, "NOT AUDITED: the database of advisories gives no answer here for six 1.0"),
        ([SOUND, UNKNOWN], ["--required"], 1, "NOT AUDITED"),
    ],
)
def test_the_exit_code_says_whether_something_was_found(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dependencies: list[dict[str, object]],
    options: list[str],
    code: int,
    sentence: str,
) -> None:
    locked = lock(tmp_path, "a.txt", *(f"{each['name']}=={each.get('version', '1.0')}" for each in dependencies))
    assert audit.main([command(tmp_path, *dependencies), locked, *options]) == code
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--required"]])
@pytest.mark.parametrize("output", ["ConnectionError", json.dumps({"dependencies": [UNKNOWN] * 7})])
def test_no_answer_is_not_taken_for_no_vulnerability(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, options: list[str]
) -> None:
    locked = lock(tmp_path, "a.txt", *(f"six{number}==1.0" for number in range(7)))
    assert audit.main([command(tmp_path, output=output), locked, *options]) == len(options)
    printed = capsys.readouterr().out
    assert "NOT AUDITED" in printed
    assert "known vulnerabilities" not in printed
    assert len((tmp_path / "runs").read_text()) == 1  # the other packages are not waited for


def test_two_versions_of_a_package_are_looked_up_apart() -> None:
    several = [("a", "1"), ("b", "1"), ("a", "2"), *((f"c{number}", "1") for number in range(5))]
    looked_up = list(audit.batches(several))
    assert sorted(pin for batch in looked_up for pin in batch) == sorted(several)
    assert all(len({name for name, _ in batch}) == len(batch) for batch in looked_up)
    assert len(looked_up[0]) == 5


class _Advisories(BaseHTTPRequestHandler):
    """Answers as the database osv.dev does: h11 0.15 has a vulnerability, and nothing else has one."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = asked == {"package": {"name": "h11", "ecosystem": "PyPI"}, "version": "0.15"}
        events = [{"introduced": "0"}, {"fixed": "0.16.0"}]
        affected = {"package": asked["package"], "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        advisory = {"id": "CVE-2025-43859", "summary": "chunked encoding", "affected": [affected]}
        body = json.dumps({"vulns": [advisory]} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def advisories() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Advisories) as server:
        Thread(target=server.serve_forever).start()
        yield f"--osv-url=http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def pip_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if not PIP_AUDIT.exists():
        if "CI" in os.environ:
            pytest.fail("make test installs pip-audit, and it is missing")
        pytest.skip("needs pip-audit: make test installs it")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return str(PIP_AUDIT)


@pytest.mark.parametrize(("version", "options", "code"), [
    ("0.15", [], 1),
    ("0.16.0", ["--required"], 0),
    ("0.15", ["--required", "--ignore-vuln=CVE-2025-43859"], 0),
])  # fmt: skip
def test_pip_audit_reports_what_the_database_knows(
    pip_audit: str,
    advisories: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    options: list[str],
    code: int,
) -> None:
    locks = lock(tmp_path, "a.txt", f"h11=={version}", "idna==3.10"), lock(tmp_path, "b.txt", "idna==3.9")
    assert audit.main([pip_audit, *locks, "--vulnerability-service=osv", advisories, *options]) == code
    printed = capsys.readouterr().out
    assert f"3 locked packages were audited: {code} known vulnerabilities\n" in printed
    assert ("h11 0.15: CVE-2025-43859, fixed in 0.16.0 (a.txt)" in printed) == bool(code)
    assert "NOT AUDITED" not in printed


def test_a_silent_network_is_asked_once_and_not_for_each_package(
    pip_audit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_FIRST_TIMEOUT", 3)
    locks = [lock(tmp_path, f"{number}.txt", f"a{number}==1", f"a==1.{number}") for number in range(9)]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"--osv-url=http://127.0.0.1:{silent.getsockname()[1]}/"
        assert audit.main([pip_audit, *locks, "--vulnerability-service=osv", url]) == 0
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert "NOT AUDITED: the database of advisories gives no answer here for any package" in capsys.readouterr().out
