"""Look up the known vulnerabilities of what the lock files name: `make audit`. CI does not depend on it.

The advisories are in a database on the network. What it gives no answer for was not audited, which is said in words;
that is a failure only with `--required`. Usage: audit.py PIP_AUDIT LOCK... [--required]
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_TIMEOUT = 300


def audit(command: str, lock: Path) -> tuple[list[str], list[str]] | None:
    """Return a line for each vulnerability in a lock file, and the packages that could not be looked up.

    None where there is no answer at all.
    """
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "--requirement"]
    try:
        run = subprocess.run([command, *options, lock], capture_output=True, text=True, check=False, timeout=_TIMEOUT)
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, subprocess.TimeoutExpired):  # no report on standard output
        return None
    return list(_vulnerabilities(packages)), [each["name"] for each in packages if "skip_reason" in each]


def _vulnerabilities(packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for package in packages:
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "no release yet"
            yield f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}"


def main(arguments: Sequence[str]) -> int:
    """Audit each lock file and print what was found; return the exit code."""
    required = "--required" in arguments
    command, *locks = (each for each in arguments if each != "--required")
    failed = False
    for lock in map(Path, locks):
        answer = audit(command, lock)
        found, unknown = ([], ["all of it"]) if answer is None else answer
        if answer is not None:
            print("\n  ".join((f"{lock}: {len(found)} known vulnerabilities", *found)))
        if unknown:
            print(f"{lock}: NOT AUDITED, the database of advisories gives no answer here: {', '.join(unknown)}")
        failed |= bool(found) or (required and bool(unknown))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
