"""AUDIT_DATABASE_URL, read again while the service runs."""

import logging
import threading

from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.service.settings import ServiceSettings

_log = logging.getLogger(__name__)

_NAME = "AUDIT_DATABASE_URL"


class CurrentAuditUrl:
    """The URL as its file has it now; the former one where that cannot be used, which is logged once.

    Any thread may call it. No log line has a part of the URL.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        """Take the settings as they were read at the start."""
        self._settings = settings
        self._logged = ""
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return the URL to connect to."""
        with self._lock:
            former = self._settings.audit_database_url
            settings, fault = self._read()
            if fault and fault != self._logged:
                _log.error("secrets were read again, and the old value stays: %s", fault)
            self._logged = fault
            if settings.audit_database_url != former:
                self._settings = settings
                _log.info("secrets were read again and are used now: %s", _NAME)
            return self._settings.audit_database_url.get_secret_value()

    def _read(self) -> tuple[ServiceSettings, str]:
        settings, problems = self._settings.reread([_NAME.lower()])
        if settings is None or problems:
            return self._settings, " ".join(problem.sentence for problem in problems)
        if _kind(settings) != _kind(self._settings):
            return self._settings, f"{_NAME} names another kind of database: restart."
        return settings, ""


def _kind(settings: ServiceSettings) -> str:
    url = settings.audit_database_url.get_secret_value()
    return parse_database_url(url).kind if url else ""
