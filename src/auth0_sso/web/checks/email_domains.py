"""Whether a user's email address is verified, and of a domain that may pass."""

import re
from dataclasses import dataclass
from typing import Final

from auth0_sso.errors import InsufficientScopeError, ManagementNotConfiguredError, NotFoundError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import Requirement
from auth0_sso.web.checks.roles import require_user
from auth0_sso.web.services.services import Services

_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ADDRESS: Final = re.compile(r"[!-?A-~]+@([!-?A-~]+)")  # ASCII without spaces, and one @ alone


@dataclass(frozen=True, slots=True)
class RequiredEmailDomain:
    """Domains of which the user's verified email address needs one, and the claims it is read from."""

    domains: frozenset[str]
    namespace: str | None = None
    """What `email` and `email_verified` begin with in a token; None to ask the Management API."""

    @property
    def requirement(self) -> Requirement:
        """What this asks for, for lists of routes."""
        return Requirement("email domain", tuple(sorted(self.domains)), one_suffices=True)

    async def require(self, services: Services, token: AccessToken) -> None:
        """Raise `InsufficientScopeError` for a machine, and for an address that is missing, unverified or of another
        domain; and what `Profiles.get` raises.
        """
        require_user(token)
        if self.namespace is None:
            self._require(*await _of_profile(services, token.subject))
        else:
            self._require(*(token.claims.get(f"{self.namespace}{name}") for name in ("email", "email_verified")))

    def _require(self, email: object, verified: object) -> None:
        if not isinstance(email, str):
            raise email_missing(self.requirement.names)
        if verified is not True:  # not a text such as "false"
            raise email_unverified(self.requirement.names)
        if domain_of(email) not in self.domains:
            raise email_domain_mismatch(self.requirement.names)


def email_domains(names: tuple[str, ...]) -> frozenset[str]:
    """Return domains in lower case; raise `ValueError` for none, or for one that no address in ASCII can have."""
    domains = frozenset(name.lower() for name in names)
    if not domains or not all(map(_DOMAIN.fullmatch, domains)):
        raise ValueError("a guard needs one or more domains, such as example.com; write others in Punycode (xn--...)")
    return domains


def domain_of(email: str) -> str | None:
    """Return the domain of an address in lower case; None for one with quotes, comments or two @ that hides it."""
    found = _ADDRESS.fullmatch(email)
    return found[1].lower() if found and '"' not in email else None


async def _of_profile(services: Services, subject: str) -> tuple[str | None, bool]:
    if services.profiles is None:
        raise ManagementNotConfiguredError
    try:
        user = await services.profiles.get(subject)
    except NotFoundError:
        raise _no_longer("user_unknown") from None
    if user.blocked:
        raise _no_longer("user_blocked")
    return user.email, user.email_verified


def email_missing(domains: tuple[str, ...] = ()) -> InsufficientScopeError:
    """Return the error for a user without an email address, where one of these domains is needed."""
    return InsufficientScopeError("email_missing", "This needs an email address.", asked_for=domains)


def email_unverified(domains: tuple[str, ...] = ()) -> InsufficientScopeError:
    """Return the error for an address that the user has not verified, where one of these domains is needed."""
    return InsufficientScopeError("email_unverified", "Verify your email address first.", asked_for=domains)


def email_domain_mismatch(domains: tuple[str, ...] = ()) -> InsufficientScopeError:
    """Return the error for an address of another domain, where one of these domains is needed."""
    return InsufficientScopeError(
        "email_domain_mismatch", "This is not for the domain of your email address.", asked_for=domains
    )


def _no_longer(reason: str) -> InsufficientScopeError:
    return InsufficientScopeError(reason, "The user of this token is not known any more, or is blocked.")
