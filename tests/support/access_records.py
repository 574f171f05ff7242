"""The records of access lines, as they are made where logging leaves out threads and processes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from auth0_sso.web.middleware.access_log import log_access
from auth0_sso.web.middleware.access_record import AccessLine, AccessLineHandler, AccessRecord
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.logged_caller import CallerInLog
from support.access_tokens import access_token


@contextmanager
def without_threads() -> Iterator[None]:
    """Do what the service does, and the documentation of logging advises under Optimization."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("logThreads", "logMultiprocessing", "logAsyncioTasks"):
            patch.setattr(logging, name, False, raising=False)
        yield


def access_record(text: str | None, *, caller: CallerInLog = "off", status: int = 200) -> AccessRecord:
    """Return the record of a request, in which a text is each value that a caller chooses."""
    scope = {"type": "http", "method": text or "GET", "path": "/", "client": None if text is None else (text, 1)}
    token = None if text is None else replace(access_token(), subject=text, client_id=text)
    options = HttpOptions(access_log_caller=caller)
    with without_threads(), records() as made:
        log_access(scope, status, 0.0123456, refusal=text, token=token, options=options)
    (record,) = made
    assert isinstance(record, AccessRecord)
    return record


class LineCollector(AccessLineHandler):
    """Takes lines, and the records of others."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[AccessLine] = []
        self.records: list[logging.LogRecord] = []

    def take(self, line: AccessLine) -> None:
        self.lines.append(line)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def access_line(path: str) -> AccessLine:
    """Return the line of a request that no route was found for."""
    return AccessLine(logging.INFO, 0.0, "GET", path, 404, 0.001, None, None, "off", None, "-", None)


@contextmanager
def root_handlers(*handlers: logging.Handler) -> Iterator[None]:
    """Let the root logger have these handlers only, at INFO, and the library's none; threads are not logged."""
    level = logging.root.level
    with pytest.MonkeyPatch.context() as patch, without_threads():
        patch.setattr(logging.root, "handlers", list(handlers))
        patch.setattr(logging.getLogger("auth0_sso"), "handlers", [])  # of a command that a test ran in this process
        logging.root.setLevel(logging.INFO)
        try:
            yield
        finally:
            logging.root.setLevel(level)


@contextmanager
def records() -> Iterator[list[logging.LogRecord]]:
    """Collect what the access log logs."""
    logger, made = logging.getLogger("auth0_sso.access"), list[logging.LogRecord]()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            made.append(record)

    handler, level = Collector(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield made
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
