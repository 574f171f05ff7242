"""`require_email_domain`: a guard for users of a company, by their verified email address."""

from dataclasses import dataclass

from fastapi.requests import HTTPConnection

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.email_domains import (
    RequiredEmailDomain,
    email_domain_mismatch,
    email_domains,
    email_missing,
    email_unverified,
)
from auth0_sso.web.checks.roles import no_user
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.guard import TokenGuard
from auth0_sso.web.guards.role_guards import MANAGEMENT_ERRORS


def require_email_domain(*domains: str, namespace: str | None = None) -> TokenGuard:
    """Return a guard that passes users whose verified email address is of one of `domains`. Machines do not pass.

    The address is that of the user's profile at the Management API, at most 5 seconds old. With `namespace`, such as
    `https://example.com/`, it is read from the token's claims `{namespace}email` and `{namespace}email_verified`,
    which an Action adds (Auth0: "Create custom claims"), without a call.

    Subdomains do not count: name them. Raises `ValueError` for no domain, or a text that is not one.
    """
    wanted = _OfDomain(email_domains(domains), namespace)
    refusals = (no_user(), email_missing(), email_unverified(), email_domain_mismatch())
    calls = () if namespace is not None else MANAGEMENT_ERRORS
    return TokenGuard(wanted, refusals=(*refusals, *calls), requirements=(wanted.requirement,))


@dataclass(frozen=True, slots=True)
class _OfDomain(RequiredEmailDomain):
    """The same, as the check of a guard."""

    async def __call__(self, connection: HTTPConnection, token: AccessToken) -> None:
        await self.require(services_of(connection), token)
