"""What is wrong with the settings as they are written: faults, misspelt names, placeholders."""

import re
from collections.abc import AsyncIterator
from typing import Final

from auth0_sso.service.doctor.examination import GivenSettings
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.service.token.shown import shown
from auth0_sso.settings.addresses import STILL_AN_EXAMPLE

# What documentation has in place of a value: YOUR_CLIENT_ID, <client id>, {yourDomain}, your-tenant.eu.auth0.com.
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\{.*\}|your[-_ ]?[a-z].*|https?://(<|\{|your[-_]).*|change[-_ ]?me.*|replace[-_ ]?(me|this).*|x{4,}|\.{3}"
    r"|.*\byour[-_](tenant|domain|client|secret|api|company)\b.*",
    re.IGNORECASE,
)
_SECRET: Final = ("secret", "private_key", "storage_url")


async def check_settings(given: GivenSettings) -> AsyncIterator[Finding]:
    """Report each setting that `serve` refuses."""
    for problem in given.problems:
        yield failed(f"{problem.name} {problem.fault}", problem.fix)
    if not given.problems:
        names = ", ".join(sorted(name.upper() for name in given.values)) or "secrets alone"
        yield passed(f"every setting can be used; set are {names}")


async def check_names(given: GivenSettings) -> AsyncIterator[Finding]:
    """Warn of names that are ignored, and of the setting each may stand for."""
    for name, close in given.unknown:
        fix = "remove it, unless another program reads it" if close is None else f"rename it to {close}"
        yield warned(f"{shown(name)} is not a setting of auth0-sso and is ignored", fix)
    if not given.unknown:
        yield passed("no name is misspelt")


async def check_placeholders(given: GivenSettings) -> AsyncIterator[Finding]:
    """Find values that are no values: those of examples and of documentation."""
    refused = {problem.name.lower() for problem in given.problems if problem.fault == STILL_AN_EXAMPLE}
    found = [name for name, text in sorted(given.values.items()) if _PLACEHOLDER.fullmatch(text.strip())]
    for name in found:
        text = "a placeholder" if any(part in name for part in _SECRET) else shown(given.values[name])
        if name not in refused:
            yield failed(f"{name.upper()} is still an example's value: {text}", "write your own value, or unset it")
    if not found:
        yield passed("no placeholder is left")
    elif refused.issuperset(found):
        yield skipped("the placeholders are listed above")
