"""Which licenses are allowed, and how they are read from metadata."""

from email.message import Message
from importlib.metadata import Distribution, distributions
from os import PathLike
from pathlib import Path

import pytest

import licenses


class _Said(Distribution):
    """A distribution that is its metadata alone."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self._lines = lines

    def read_text(self, filename: str) -> str | None:
        message = Message()
        for name, value in (("Name", "package"), *self._lines):
            message[name] = value
        return message.as_string() if filename == "METADATA" else None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        raise NotImplementedError


APPROVED = "License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([("License-Expression", "MIT")], None),
        ([("License-Expression", "GPL-3.0-only OR MIT")], None),
        ([("License-Expression", "Apache-2.0 AND MIT")], None),
        ([("License", "BSD 2-Clause License")], None),
        ([("License", "3-Clause BSD License")], None),
        ([("Classifier", f"{APPROVED}MIT License")], None),
        ([("License-Expression", "GPL-3.0-only AND MIT")], "GPL-3.0-only AND MIT"),
        ([("License-Expression", "AGPL-3.0-only"), ("License", "MIT")], "AGPL-3.0-only"),
        (
            [("Classifier", f"{APPROVED}MIT License"), ("Classifier", f"{APPROVED}GNU GPLv3")],
            "MIT AND GNU GPLv3",
        ),
        ([("License", "Proprietary")], "Proprietary"),
        ([], "no license in its metadata"),
    ],
    ids=str,
)
def test_a_license_is_allowed_by_its_identifier(lines: list[tuple[str, str]], refusal: str | None) -> None:
    expected = [] if refusal is None else [f"package: {refusal}"]
    assert licenses.refused([_Said(*lines)]) == expected


def test_what_is_installed_here_is_allowed() -> None:
    assert licenses.refused(distributions()) == []
