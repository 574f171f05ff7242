"""Logging of the service: one line per record on stderr, with the request id.

No record holds a token, an Authorization header or a query string.
"""

import logging
import logging.config

from auth0_sso.web.middleware.request_context import request_id_variable


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id_variable.get()
        return True


def configure_logs(level: str) -> None:
    """Configure logging for the whole process; `level` is a name such as INFO."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": _RequestId}},
            "formatters": {
                "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
            },
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"},
            },
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
