"""Build what a release consists of: `make release`. Two runs of one commit give equal files.

Wheel and sdist of both distributions, an SBOM (CycloneDX) of what they are locked to, SHA256SUMS of all, and
RELEASE-NOTES.md, which is not in SHA256SUMS: it says how this machine checked the commit. The time in the archives is
SOURCE_DATE_EPOCH, by default that of the commit. Usage: release.py [--sbom] CYCLONEDX_PY FOLDER
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from release_notes import container_check, notes

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = (ROOT, ROOT / "devtenant")
CONTAINER_CHECK = ROOT / ".container" / "passed"


def version() -> str:
    """Return the version in pyproject.toml."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def build(folder: Path, epoch: str) -> None:
    """Write wheel and sdist of each project to a folder; `epoch` is the time in them, in seconds since 1970."""
    for project in PROJECTS:
        _run([sys.executable, "-m", "hatchling", "build", "-d", folder], project, SOURCE_DATE_EPOCH=epoch)


def write_sbom(command: str, folder: Path) -> None:
    """Write the SBOM of the lock file, as cyclonedx-py makes it, to a folder."""
    output = folder / f"auth0_sso-{version()}.cdx.json"
    options: list[str | Path] = [
        "--pyproject",
        ROOT / "pyproject.toml",
        "--output-reproducible",
        "--output-format",
        "JSON",
        "--output-file",
        output,
    ]
    _run([command, "requirements", *options, "locks/runtime.txt"], ROOT)


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of each artifact to SHA256SUMS, as `sha256sum --check` reads it."""
    names = sorted({path.name for path in folder.iterdir()} - {"SHA256SUMS", "RELEASE-NOTES.md"})
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums))


def write_notes(folder: Path, commit: str, stamp: Path) -> None:
    """Write RELEASE-NOTES.md beside SHA256SUMS; `stamp` is what `make container` wrote when it passed."""
    checksums = (folder / "SHA256SUMS").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    (folder / "RELEASE-NOTES.md").write_text(notes(version(), commit, checksums, changelog, stamp))


def main(command: str, folder: Path) -> None:
    """Build all of a clean checkout into an empty folder."""
    if changed := _run(["git", "status", "--porcelain"], ROOT).stdout:
        sys.exit(f"A release is built from a commit, and these files are not in one:\n{changed}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    commit, time = _run(["git", "log", "-1", "--format=%H %ct"], ROOT).stdout.split()
    build(folder, os.environ.get("SOURCE_DATE_EPOCH", time))
    write_sbom(command, folder)
    write_checksums(folder)
    write_notes(folder, commit, CONTAINER_CHECK)
    print((folder / "SHA256SUMS").read_text(), end="")
    print(container_check(CONTAINER_CHECK, commit))


def _run(command: list[str | Path], folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | variables
    return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    *options, program, target = sys.argv[1:]
    if options == ["--sbom"]:
        Path(target).mkdir(parents=True, exist_ok=True)
        write_sbom(program, Path(target).resolve())
    else:
        main(program, Path(target).resolve())
