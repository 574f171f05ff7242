"""Look up the known vulnerabilities of what the lock files name: `make audit`, and a part of `make check`.

The advisories are in a database on the network. What it gives no answer for was not audited, which is said in words;
that is a failure only with `--required`. Other options are pip-audit's, such as `--ignore-vuln=ID`.
Usage: audit.py PIP_AUDIT LOCK... [--required] [--OPTION=VALUE...]
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# A few packages are looked up first, within seconds: pip-audit waits long for each address of an unreachable network.
_FIRST = 5
_FIRST_TIMEOUT = 10
_TIMEOUT = 300

Pin = tuple[str, str]  # name and version of a package
Answer = Mapping[str, Any]


def pins(locks: Iterable[Path]) -> dict[Pin, list[str]]:
    """Return each pinned package with the names of the lock files that pin it."""
    found: dict[Pin, list[str]] = {}
    for lock in locks:
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE):
            found.setdefault((name, version), []).append(lock.name)
    return found


def batches(packages: Iterable[Pin]) -> Iterator[list[Pin]]:
    """Yield the packages, a few first, in lists that have no name twice: pip-audit refuses two versions of one."""
    versions: Counter[str] = Counter()
    found: defaultdict[int, list[Pin]] = defaultdict(list)
    for name, version in packages:
        found[versions[name]].append((name, version))
        versions[name] += 1
    first, *others = found.values()
    yield from filter(None, (first[:_FIRST], first[_FIRST:], *others))


def ask(command: Sequence[str], packages: Iterable[Pin], timeout: float) -> list[Answer]:
    """Return the answers of the database of advisories; none where it is not reached within `timeout` seconds."""
    options = ["--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json", "--requirement"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in packages)
        file.flush()
        run = [*command, *options, file.name]
        try:
            done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=timeout)
        except subprocess.TimeoutExpired:
            return []
    if not done.stdout.startswith("{"):  # no report, but the reason
        print("\n".join(done.stderr.splitlines()[-1:]), file=sys.stderr)
        return []
    answers = json.loads(done.stdout)["dependencies"]
    return [each for each in answers if "skip_reason" not in each]


def audit(command: Sequence[str], packages: Iterable[Pin]) -> Iterator[Answer]:
    """Yield the answer for each package until there is none."""
    timeout = _FIRST_TIMEOUT
    for batch in batches(packages):
        answers = ask(command, batch, timeout)
        if not answers:
            return
        yield from answers
        timeout = _TIMEOUT


def vulnerabilities(answers: Iterable[Answer], packages: Mapping[Pin, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each vulnerability: the package, the advisory, what fixes it and the lock files."""
    for answer in answers:
        for each in answer["vulns"]:
            fixed = ", ".join(each["fix_versions"]) or "no release yet"
            locks = ", ".join(packages[answer["name"], answer["version"]])
            yield f"{answer['name']} {answer['version']}: {each['id']}, fixed in {fixed} ({locks})"


def main(arguments: Sequence[str]) -> int:
    """Audit all lock files, print what was found, and return the exit code."""
    command, *locks = (each for each in arguments if not each.startswith("--"))
    options = [each for each in arguments if each.startswith("--") and each != "--required"]
    packages = pins(map(Path, locks))
    answers = list(audit([command, *options], packages))
    found = list(vulnerabilities(answers, packages))
    unknown = packages.keys() - {(each["name"], each["version"]) for each in answers}
    if answers:
        print(f"{len(answers)} locked packages were audited: {len(found)} known vulnerabilities")
        print("".join(f"  {line}\n" for line in found), end="")
    if unknown:
        names = ", ".join(sorted(f"{name} {version}" for name, version in unknown)) if answers else "any package"
        print(f"NOT AUDITED: the database of advisories gives no answer here for {names}")
    return int(bool(found) or ("--required" in arguments and bool(unknown)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
