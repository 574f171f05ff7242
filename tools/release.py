"""Build what a release consists of: `make release`. Two runs of one commit give equal files.

Wheel and sdist of both distributions, an SBOM (CycloneDX) of what they are locked to, and SHA256SUMS of all. The time
in the archives is SOURCE_DATE_EPOCH, by default that of the commit. Usage: release.py [--sbom] CYCLONEDX_PY FOLDER
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = (ROOT, ROOT / "devtenant")


def build(folder: Path, epoch: str) -> None:
    """Write wheel and sdist of each project to a folder; `epoch` is the time in them, in seconds since 1970."""
    for project in PROJECTS:
        _run([sys.executable, "-m", "hatchling", "build", "-d", folder], project, SOURCE_DATE_EPOCH=epoch)


def write_sbom(command: str, folder: Path) -> None:
    """Write the SBOM of the lock file, as cyclonedx-py makes it, to a folder."""
    pyproject = ROOT / "pyproject.toml"
    version = tomllib.loads(pyproject.read_text())["project"]["version"]
    output = folder / f"auth0_sso-{version}.cdx.json"
    options: list[str | Path] = [
        "--pyproject",
        pyproject,
        "--output-reproducible",
        "--output-format",
        "JSON",
        "--output-file",
        output,
    ]
    _run([command, "requirements", *options, "locks/runtime.txt"], ROOT)


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of each file to SHA256SUMS, as `sha256sum --check` reads it."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums))


def main(command: str, folder: Path) -> None:
    """Build all of a clean checkout into an empty folder."""
    if changed := _run(["git", "status", "--porcelain"], ROOT).stdout:
        sys.exit(f"A release is built from a commit, and these files are not in one:\n{changed}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    commit = _run(["git", "log", "-1", "--format=%ct"], ROOT).stdout.strip()
    build(folder, os.environ.get("SOURCE_DATE_EPOCH", commit))
    write_sbom(command, folder)
    write_checksums(folder)
    print((folder / "SHA256SUMS").read_text(), end="")


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
