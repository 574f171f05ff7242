"""An environment that has the built wheel and what it depends on, and nothing else of what is installed here."""

import subprocess
import sys
import sysconfig
from importlib.metadata import PathDistribution, distribution
from pathlib import Path
from zipfile import Path as ZipPath

import httpx
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TIMEOUT = 180
_HTTP_CLIENT = {"httpx": httpx.__name__}  # of this test run; httpx2 is then alone there


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a project into a folder, without network, and return its path."""
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=TIMEOUT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def dependencies(wheel: Path, extra: str = "") -> set[str]:
    """Return the distributions that an install of a wheel with an extra takes, as they are installed here."""
    (folder,) = [path for path in ZipPath(wheel).iterdir() if path.name.endswith(".dist-info")]
    found: set[str] = set()
    waiting = _wanted(PathDistribution(folder).requires, {extra})
    while waiting:
        requirement = waiting.pop()
        name, extras = _HTTP_CLIENT.get(requirement.name, canonicalize_name(requirement.name)), requirement.extras
        if name == "auth0-sso":
            for each in extras:
                found |= dependencies(wheel, each)
        elif name not in found or extras:
            found.add(name)
            waiting += _wanted(distribution(name).requires, extras or {""})
    return found


def _wanted(requires: list[str] | None, extras: set[str]) -> list[Requirement]:
    requirements = [Requirement(text) for text in requires or ()]
    return [
        requirement
        for requirement in requirements
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def install(wheel: Path, folder: Path) -> Path:
    """Make an environment in a folder, with links to the files of the dependencies; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=TIMEOUT)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    for name in dependencies(wheel):
        for file in distribution(name).files or ():
            if ".." not in file.parts:
                link = packages / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(Path(str(file.locate())))
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=TIMEOUT)
    return python
