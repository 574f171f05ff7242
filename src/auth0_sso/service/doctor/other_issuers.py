"""AUTH0_ISSUERS: the other domains of the tenant, and the other tenants."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from auth0_sso.service.doctor.discovery import check_discovery, check_keys
from auth0_sso.service.doctor.examination import Check, Examination
from auth0_sso.service.doctor.findings import Finding, skipped
from auth0_sso.service.doctor.management import check_management, check_scopes


async def check_other_issuers(examination: Examination) -> AsyncIterator[Finding]:
    """Look at each as at the first: its metadata and keys, and of another tenant the Management API."""
    others = list(_others(examination))
    if not others:
        yield skipped("there is one issuer", "AUTH0_ISSUERS names others")
    for other, checks in others:
        for check in checks:
            async for finding in check(other):
                yield replace(finding, message=f"{other.settings.issuer}: {finding.message}")


def _others(examination: Examination) -> Iterator[tuple[Examination, tuple[Check, ...]]]:
    first = examination.settings
    for settings in (first, *first.other_tenants):
        for issuer in settings.issuers:
            if issuer != first.issuer:
                own = settings.with_values({"auth0_issuer_base_url": f"{issuer.removesuffix('/')}/"})
                of_tenant = (check_management, check_scopes) if issuer == settings.issuer else ()
                other = Examination(own, examination.replaced, examination.client, examination.clock)
                yield other, (check_discovery, check_keys, *of_tenant)
