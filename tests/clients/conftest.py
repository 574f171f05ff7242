"""What the tests of other people's clients share: the record of what they did, which becomes a table."""

import os
from collections.abc import Callable, Generator, Iterator
from importlib.metadata import version

import authlib.deprecate  # noqa: F401 - puts a warning filter before all others, so it comes first
import pytest
from playwright.sync_api import Browser, Page

from support import node
from support.browser import chromium, new_page
from support.client_tenant import ClientTenant, client_tenant
from support.compatibility import Entry, Record

_RECORD = pytest.StashKey[Record]()
_PASSED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the test of the table behind all that record."""
    items.sort(key=lambda item: item.path.name == "test_table.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Record:
    return request.config.stash.setdefault(_RECORD, Record())


@pytest.fixture
def exercise(request: pytest.FixtureRequest, record: Record) -> Iterator[Callable[[str, str], None]]:
    """Return a function that notes a client by its package and what is done with it, once the test has passed."""
    noted: list[tuple[Entry, str]] = []

    def note(package: str, what: str) -> None:
        noted.append((_entry(package), what))

    yield note
    if request.node.stash.get(_PASSED, False):
        for entry, what in noted:
            record.add(entry, what)


def _entry(package: str) -> Entry:
    if (node.INSTALLED / "node_modules" / package).is_dir():
        return Entry(package, node.version_of(package), "JavaScript")
    return Entry(package, version(package), "Python")


@pytest.fixture(scope="session")
def node_js() -> None:
    """Skip what needs Node.js where it cannot run; CI skips nothing."""
    reason = node.why_not()
    if reason is not None and os.environ.get("CI"):
        pytest.fail(f"CI skips nothing: {reason}")
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientTenant]:
    """A tenant behind TLS."""
    with client_tenant(tmp_path_factory.mktemp("secure"), "https") as running:
        yield running


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientTenant]:
    """A tenant without TLS."""
    with client_tenant(tmp_path_factory.mktemp("plain"), "http") as running:
        yield running


@pytest.fixture
def trusted(secure: ClientTenant, monkeypatch: pytest.MonkeyPatch) -> ClientTenant:
    """Have the SDKs in this process trust the tenant."""
    for name, value in secure.environment.items():
        monkeypatch.setenv(name, value)
    return secure


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with new_page(browser) as page:
        yield page
