"""Whether AUTH0_AUDIENCE is the identifier of an API, by its form alone; the rest is compared with Auth0."""

import re
from collections.abc import AsyncIterator
from typing import Final

from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9]{32}")
_MANAGEMENT: Final = re.compile(r"https://[a-z0-9.-]+\.auth0\.com/api/v2/?", re.IGNORECASE)
_EXAMPLE: Final = re.compile(r"https?://([a-z0-9-]+\.)*(example|example\.(com|org|net))(/.*)?", re.IGNORECASE)
_WHERE: Final = "write AUTH0_AUDIENCE as Auth0 shows it: Applications > APIs > the API > Settings > Identifier"


async def check_audience(examination: Examination) -> AsyncIterator[Finding]:
    """Look at the form of each audience."""
    if not examination.has_audience:
        yield skipped("AUTH0_AUDIENCE cannot be used")
        return
    for audience in examination.settings.auth0_audience:
        yield _finding(audience, is_development=examination.is_development)


def _finding(audience: str, *, is_development: bool) -> Finding:
    if _MANAGEMENT.fullmatch(audience):
        return failed(f"{audience} is a Management API: tokens for managing a tenant would be accepted", _WHERE)
    if _CLIENT_ID.fullmatch(audience):
        return warned(f"{audience} looks like a client id, the audience of ID tokens", _WHERE)
    if _EXAMPLE.fullmatch(audience) and not is_development:
        return warned(f"{audience} is a name for examples (RFC 2606)", _WHERE)
    return passed(f"tokens are accepted for {audience}")
