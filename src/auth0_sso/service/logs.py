"""Logging of the service: one line per record on stderr, as JSON or for people.

No record holds a token, an Authorization header or a query string.
"""

import logging
import logging.config
import sys
from io import FileIO
from typing import Final, Literal

from auth0_sso.service.log_formats import ConsoleFormatter, JsonFormatter
from auth0_sso.service.log_handler import ThreadedHandler
from auth0_sso.settings.loading import allows_colours

_UNUSED: Final = ("logThreads", "logMultiprocessing", "logAsyncioTasks")
"""What a record holds and our lines do not show; looking it up costs a fifth of a line (logging: Optimization)."""


LogFormat = Literal["json", "console", "auto"]


def configure_logs(level: str, log_format: LogFormat = "auto") -> None:
    """Configure logging for the whole process; `level` is a name such as INFO.

    The format `auto` is `console` where stderr is a terminal, else `json`.
    """
    for name in _UNUSED:
        setattr(logging, name, False)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": lambda: _formatter(log_format)}},
            "handlers": {"stderr": {"()": _stderr_handler, "formatter": "line"}},
            "root": {"level": level, "handlers": ["stderr"]},
            # httpx logs whole URLs at INFO, and httpcore logs headers at DEBUG, including the token.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "httpx2": {"level": "WARNING"},
                "httpcore2": {"level": "WARNING"},
                "uvicorn.access": {"level": "WARNING"},
                # It logs what a caller writes into traceparent, tracestate and baggage, and each failed export.
                "opentelemetry": {"level": "ERROR"},
                "opentelemetry.exporter": {"level": "WARNING" if level == "DEBUG" else "CRITICAL"},
                # At DEBUG it logs the values of each statement.
                "aiosqlite": {"level": "WARNING"},
                "auth0_sso.audit": {"level": "INFO"},  # at each LOG_LEVEL: AUDIT_LOG turns it off
            },
        }
    )


def _formatter(log_format: LogFormat) -> logging.Formatter:
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if log_format == "json" or (log_format == "auto" and not terminal):
        return JsonFormatter()
    return ConsoleFormatter(colours=terminal and allows_colours())


def _stderr_handler() -> logging.Handler:
    """Return the handler for stderr; where that is closed, or replaced by something in memory, logging's own."""
    try:
        return ThreadedHandler(FileIO(sys.stderr.fileno(), "w", closefd=False))
    except (AttributeError, OSError):
        return logging.StreamHandler()
