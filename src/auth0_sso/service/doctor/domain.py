"""Whether AUTH0_DOMAIN and the issuer are what they should be, by their form alone."""

from collections.abc import AsyncIterator
from typing import Final

from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned

_AUTH0: Final = ".auth0.com"
_NOT_TENANTS: Final = frozenset({"auth0.com", "manage.auth0.com", "www.auth0.com", "accounts.auth0.com"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WHERE: Final = "write AUTH0_DOMAIN as Auth0 shows it: Applications, any application, Settings, Domain"
_CUSTOM: Final = "AUTH0_MANAGEMENT_BASE_URL=https://{0}/ and AUTH0_MANAGEMENT_AUDIENCE=https://{0}/api/v2/"


async def check_domain(examination: Examination) -> AsyncIterator[Finding]:
    """Look at the form of AUTH0_DOMAIN."""
    if "auth0_domain" in examination.replaced:
        yield skipped("AUTH0_DOMAIN cannot be used")
        return
    domain = examination.settings.auth0_domain
    host = domain if domain.startswith("[") else domain.partition(":")[0]
    if host in _NOT_TENANTS:
        yield failed(f"{domain} is a site of Auth0's own, and no tenant", _WHERE)
    elif "." not in host and host not in _LOOPBACK and ":" not in host:
        yield failed(f"{domain} is a name without a domain", _WHERE)
    elif host.endswith(_AUTH0):
        yield passed(f"{domain} is a tenant's own domain")
    elif host in _LOOPBACK:
        yield passed(f"{domain} is a development tenant on this machine")
    else:
        yield passed(f"{domain} is a custom domain")


async def check_issuer(examination: Examination) -> AsyncIterator[Finding]:
    """Compare the issuer with the domain, and with the address of the Management API."""
    if not examination.has_issuer:
        yield skipped("AUTH0_DOMAIN cannot be used")
        return
    settings = examination.settings
    issuer, domain = settings.issuer, settings.auth0_domain
    host = _host(issuer)
    is_own = host.endswith(_AUTH0)
    if is_own and domain.endswith(_AUTH0) and host != domain:
        yield failed(
            f"tokens of {issuer} are accepted, and AUTH0_DOMAIN is another tenant, {domain}",
            "unset AUTH0_ISSUER_BASE_URL, or write the custom domain of this tenant there",
        )
        return
    yield passed(f"tokens are accepted from {issuer}{'' if host == domain or is_own else ', a custom domain'}")
    if settings.has_management and not is_own and not examination.is_development:
        for finding in _management_of_custom_domain(examination):
            yield finding


def _management_of_custom_domain(examination: Examination) -> list[Finding]:
    """The Management API has the tenant's own domain, also beside a custom one (Auth0: "Custom domains")."""
    settings = examination.settings
    tenant = settings.auth0_domain if settings.auth0_domain.endswith(_AUTH0) else "<tenant>.auth0.com"
    addresses = (settings.auth0_management_base_url, settings.auth0_management_audience)
    if all(_host(address).endswith(_AUTH0) for address in addresses):
        return []
    message = "the Management API is looked for at the custom domain; its identifier has the tenant's own domain"
    return [warned(message, f"set {_CUSTOM.format(tenant)}")]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
