"""Pages of docs whose Python files are a user's project: its tests pass, and mypy finds nothing."""

import pytest

from support.document import Document

PAGES = {
    name: Document.read(name)
    for name in ("calling-other-apis.md", "dpop.md", "guard-any-asgi-app.md", "resource-metadata.md")
}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Document:
    return PAGES[request.param]


@pytest.fixture
def project(pytester: pytest.Pytester, clean_environment: None, page: Document) -> pytest.Pytester:
    page.write(pytester)
    return pytester


def test_every_block_is_a_file(page: Document) -> None:
    page.assert_every_block_is_known()
    assert not page.commands


def test_the_pages_tests_pass_without_environment_or_warning(page: Document, project: pytest.Pytester) -> None:
    page.assert_tests_pass(project)


@pytest.mark.usefixtures("project")
def test_the_pages_files_pass_mypy_strict(page: Document) -> None:
    page.assert_types_are_strict()
