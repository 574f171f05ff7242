"""Logging of the service: one line per record on stderr, with the request id.

No record holds a token, an Authorization header or a query string.
"""

import logging
import logging.config
import sys
import time
from io import FileIO
from typing import Final

from auth0_sso.service.log_handler import ThreadedHandler
from auth0_sso.web.middleware.request_context import request_id_variable

_UNUSED: Final = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")
"""What a record holds and our lines do not show; looking it up costs a fifth of a line (logging: Optimization)."""


class _LineFormatter(logging.Formatter):
    """Formats a record as one line, in the context of the request that it was logged for."""

    _date = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback of an exception."""
        record.message = record.getMessage()
        if record.exc_info or record.exc_text or record.stack_info:
            return super().format(record)
        return self.formatMessage(record)  # half the time of the above, which looks for a date and a traceback

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line."""
        request_id = request_id_variable.get()
        return f"{self._time(record)} {record.levelname} {record.name} [{request_id}] {record.message}"

    def _time(self, record: logging.LogRecord) -> str:
        """Return the local time, formatted once a second: that takes as long as all the rest of a line."""
        second, date = self._date
        if second != int(record.created):
            second = int(record.created)
            date = time.strftime(self.default_time_format, time.localtime(second))
            self._date = second, date
        return f"{date},{int(record.msecs):03d}"


def configure_logs(level: str) -> None:
    """Configure logging for the whole process; `level` is a name such as INFO."""
    for name in _UNUSED:
        setattr(logging, name, False)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": _LineFormatter}},
            "handlers": {"stderr": {"()": _stderr_handler, "formatter": "line"}},
            "root": {"level": level, "handlers": ["stderr"]},
            # httpx logs whole URLs at INFO, and httpcore logs headers at DEBUG, including the token.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "httpx2": {"level": "WARNING"},
                "httpcore2": {"level": "WARNING"},
                "uvicorn.access": {"level": "WARNING"},
            },
        }
    )


def _stderr_handler() -> logging.Handler:
    """Return the handler for stderr; where that is closed, or replaced by something in memory, logging's own."""
    try:
        return ThreadedHandler(FileIO(sys.stderr.fileno(), "w", closefd=False))
    except (AttributeError, OSError):
        return logging.StreamHandler()
