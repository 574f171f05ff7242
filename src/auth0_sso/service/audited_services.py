"""The services of the library with the audit database of the service's settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth0_sso.audit.storage import open_audit
from auth0_sso.service.audit_settings import spill_directory
from auth0_sso.service.audit_url import CurrentAuditUrl
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import Settings
from auth0_sso.web.services.protection import Opening
from auth0_sso.web.services.services import Services


def audited(opening: Opening, settings: ServiceSettings) -> Opening:
    """Return an opening that opens the audit database too, if the settings name one."""
    url = settings.audit_database_url.get_secret_value()
    if not url:
        return opening
    spill = spill_directory(settings.audit_spill_directory, settings.audit_database_url)

    @asynccontextmanager
    async def open_all(chosen: Settings, **parts: object) -> AsyncIterator[Services]:
        # Opened first and closed last, so that it has what the others do until their end.
        async with (
            open_audit(
                url, spill, retention_days=settings.audit_retention_days, reread=CurrentAuditUrl(settings)
            ) as trail,
            opening(chosen, audit=trail, **parts) as services,
        ):
            trail.observer = services.observe
            yield services

    return open_all
