"""All checks in their order: what is written first, then the tenant, then what is around the service."""

from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

from auth0_sso.clock import Clock
from auth0_sso.http.client import AsyncTransport, open_client
from auth0_sso.service.doctor import (
    api,
    application,
    audience,
    discovery,
    domain,
    given,
    given_token,
    key_cache,
    management,
    network,
    other_issuers,
    shared_store,
)
from auth0_sso.service.doctor.examination import Check, CheckGiven, Examination, GivenSettings
from auth0_sso.service.doctor.findings import Finding, failed, skipped
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings.loading import find_unknown_names
from auth0_sso.settings.usable import load_usable, values_of

CHECKS_OF_SETTINGS: Final[Mapping[str, CheckGiven]] = {
    "settings": given.check_settings,
    "names": given.check_names,
    "placeholders": given.check_placeholders,
}

CHECKS: Final[Mapping[str, Check]] = {
    "domain": domain.check_domain,
    "issuer": domain.check_issuer,
    "audience": audience.check_audience,
    "discovery": discovery.check_discovery,
    "keys": discovery.check_keys,
    "clock": discovery.check_clock,
    "management": management.check_management,
    "scopes": management.check_scopes,
    "callback-urls": application.check_callback_urls,
    "api": api.check_api,
    "signing-algorithm": api.check_signing_algorithm,
    "rbac": api.check_rbac,
    "other-issuers": other_issuers.check_other_issuers,
    "token": given_token.check_token,
    "cors": network.check_cors,
    "proxies": network.check_proxies,
    "redis": shared_store.check_redis,
    "workers": shared_store.check_workers,
    "key-cache": key_cache.check_key_cache,
}
"""By the id that the output has; those further down use what those above learned."""


class Line(NamedTuple):
    """A finding, and the id of its check."""

    check: str
    finding: Finding


def read_settings() -> GivenSettings:
    """Read the settings as `serve` does, those with faults too."""
    settings, replaced, problems = load_usable(ServiceSettings)
    unknown = tuple(find_unknown_names(ServiceSettings))
    return GivenSettings(settings, replaced, problems, values_of(ServiceSettings), unknown)


async def examine(
    given_settings: GivenSettings,
    *,
    clock: Clock,
    transport: AsyncTransport | None = None,
    token: str | None = None,
    url: str | None = None,
) -> AsyncIterator[Line]:
    """Yield the findings of every check, as they are found."""
    for name, check_given in CHECKS_OF_SETTINGS.items():
        async for finding in check_given(given_settings):
            yield Line(name, finding)
    settings = given_settings.settings
    if settings is None:
        for name in CHECKS:
            yield Line(name, skipped("the settings above cannot be used"))
        return
    async with open_client(transport) as client:
        examination = Examination(settings, given_settings.replaced, client, clock, token, url)
        for name, check in CHECKS.items():
            async for line in _findings(name, check, examination):
                yield line


async def _findings(name: str, check: Check, examination: Examination) -> AsyncIterator[Line]:
    try:
        async for finding in check(examination):
            yield Line(name, finding)
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide the findings of the others
        yield Line(
            name, failed(f"this check itself failed: {type(error).__name__}", "report it as a bug of auth0-sso")
        )
