"""docs/dpop.md: its files are a user's project, whose tests pass."""

import pytest

from support.document import Document
from support.pytest_plugin import PLUGIN

PAGE = Document.read("dpop.md")


def test_every_block_is_a_file() -> None:
    PAGE.assert_every_block_is_known()


def test_the_documents_tests_pass(pytester: pytest.Pytester, clean_environment: None) -> None:
    PAGE.write(pytester)
    result = pytester.runpytest_subprocess(*PLUGIN, "-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)


@pytest.mark.usefixtures("clean_environment")
def test_the_documents_files_pass_mypy_strict(pytester: pytest.Pytester) -> None:
    PAGE.write(pytester)
    PAGE.assert_types_are_strict()
