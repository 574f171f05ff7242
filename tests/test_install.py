"""An install takes what the lock files name, and nothing that a package index came to offer since."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECIPES = ("Makefile", "Dockerfile", ".ci/run", "README.md")
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
NODE_LOCKS = [ROOT / "bench" / "node" / "package-lock.json", ROOT / "tests" / "clients" / "package-lock.json"]


def pip_installs(name: str) -> list[str]:
    """Return the commands of a file that install, with make's variables replaced by what they stand for."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    for variable, value in re.findall(r"^([A-Z]+) := (.+)$", text, re.MULTILINE):
        text = text.replace(f"$({variable})", value)
    return [
        command for command in re.split(r"\n|&&", text) if re.search(r"\bpip\b.* install\b|\bpip install\b", command)
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_no_install_resolves_dependencies_again(name: str) -> None:
    assert [command for command in pip_installs(name) if "--no-deps" not in command] == []


@pytest.mark.parametrize("name", RECIPES)
def test_every_install_of_a_lock_file_checks_hashes(name: str) -> None:
    locked = [command for command in pip_installs(name) if "-r locks/" in command]
    assert [command for command in locked if "--require-hashes" not in command] == []


# httpx2: a package of ours is named httpx there. floors: the tests' own packages ask for more than the lowest.
UNCHECKED = {"httpx2", "floors"}


def test_every_environment_is_checked_after_its_install() -> None:
    """What is installed without dependencies must have them all."""
    text = (ROOT / "Makefile").read_text().replace("$(VERIFY)", "pip check")
    recipes = re.findall(r"^(\$\(VENV\)/\S+\.stamp.*)\n((?:\t.*\n)+)", text, re.MULTILINE)
    unchecked = {
        stamp
        for target, commands in recipes
        for stamp in re.findall(r"(\w+)\.stamp", target.partition(":")[0])
        if "--require-hashes" in commands and not re.search(r"\bpip\b.* check$", commands, re.MULTILINE)
    }
    assert len(recipes) >= 8
    assert unchecked == UNCHECKED
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.count("install --no-deps dist") == dockerfile.count("pip --python /app/bin/python check")


def test_the_install_commands_are_found() -> None:
    assert len(pip_installs("Makefile")) >= 4
    assert len(pip_installs("Dockerfile")) >= 3


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_pins_packages_by_hash_and_names_no_index(lock: Path) -> None:
    requirements = re.sub(r" \\\n\s*", " ", lock.read_text()).strip().splitlines()
    assert requirements
    assert [line for line in requirements if not re.match(r"[a-z0-9._-]+==\S+( ; .+?)? --hash=sha256:", line)] == []
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_file_for_node_pins_packages_by_hash_and_names_no_address(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]
    assert len(packages) > 1
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=lambda lock: lock.parent.name)
def test_a_lock_file_for_node_is_in_step_with_its_package_file(lock: Path) -> None:
    wanted = json.loads((lock.parent / "package.json").read_text())
    locked = json.loads(lock.read_text())["packages"][""]
    assert locked["dependencies"] == wanted["dependencies"]
    assert locked["engines"] == wanted["engines"]
