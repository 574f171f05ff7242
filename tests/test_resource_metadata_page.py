"""docs/resource-metadata.md: its files are a user's project, whose tests pass."""

import pytest

from support.document import Document
from support.pytest_plugin import PLUGIN

PAGE = Document.read("resource-metadata.md")


@pytest.fixture
def project(pytester: pytest.Pytester, clean_environment: None) -> pytest.Pytester:
    PAGE.write(pytester)
    return pytester


def test_every_block_is_a_file() -> None:
    PAGE.assert_every_block_is_known()
    assert not PAGE.commands


def test_the_documents_tests_pass_without_environment_or_warning(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess(*PLUGIN, "-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


@pytest.mark.usefixtures("project")
def test_the_documents_files_pass_mypy_strict() -> None:
    PAGE.assert_types_are_strict()
