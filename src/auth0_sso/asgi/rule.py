"""A rule: what a request below a path needs."""

import re
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from auth0_sso.asgi.paths import canonical
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.web.checks.logins import RequiredLogin
from auth0_sso.web.checks.requirements import DPOP, TOKEN, Requirement
from auth0_sso.web.checks.roles import RequiredRoles
from auth0_sso.web.checks.scopes import are_scope_tokens

_METHOD: Final = re.compile(r"[A-Z]+(?:-[A-Z]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """What requests to `path` and to everything below it need: by default a verified access token.

    Raises `ValueError` for a rule that would not mean what it says.
    """

    path: str
    """A prefix of whole segments, as the app's routes have it: `/api` is for `/api` and `/api/x`, not for `/apis`."""
    _: KW_ONLY
    methods: Collection[str] = ()
    """HTTP methods, `GET` with `HEAD`; by default all that no other rule of this path names, and WebSockets."""
    public: bool = False
    """No token is needed, and none is looked at."""
    dpop: bool = False
    """The token must be bound to a key by DPoP (RFC 9449)."""
    scopes: Collection[str] = ()
    """The token must have all of these (RFC 6749 section 3.3)."""
    permissions: Collection[str] = ()
    """The token must have all of these (Auth0: RBAC for APIs)."""
    any_role: Collection[str] = ()
    """The user must have one of these roles, in the whole tenant."""
    within_organization: bool = False
    """Roles that the user has as a member of the token's organization count too."""
    stale_ok: bool = False
    """Roles known before an outage of the tenant count during it."""
    mfa: bool = False
    """The user must have logged in with multi-factor authentication (RFC 9470)."""
    acr_values: Collection[str] = ()
    """The login must be of one of these authentication context classes, in order of preference (RFC 9470)."""
    max_login_age: int | None = None
    """The user must have logged in at most so many seconds ago (RFC 9470)."""
    rate_limit: str | None = None
    """Such as `10/minute`: for each subject, or for each IP address where the rule is public."""
    policy: Policy | None = field(default=None, init=False, repr=False)
    """The same, parsed."""
    required_roles: RequiredRoles | None = field(default=None, init=False, repr=False, compare=False)
    """What `any_role` and the fields after it ask for."""

    required_login: RequiredLogin | None = field(default=None, init=False, repr=False, compare=False)
    """What `mfa`, `acr_values` and `max_login_age` ask for."""

    def __post_init__(self) -> None:
        for name in ("methods", "scopes", "permissions", "any_role"):
            names = getattr(self, name)
            if isinstance(names, str) or not all(isinstance(each, str) and each for each in names):
                raise ValueError(f"{name} of a rule is a set or list of names")
            object.__setattr__(self, name, tuple(sorted(set(names))))
        _require_prefix(self.path)
        _require_methods(self.methods)
        if not are_scope_tokens((*self.scopes, *self.permissions)):
            raise ValueError("scopes and permissions of a rule are names as RFC 6749 section 3.3 spells them")
        if self.mfa or self.acr_values or self.max_login_age is not None:
            if isinstance(self.acr_values, str):
                raise ValueError("acr_values of a rule is a list of names")
            required_login = RequiredLogin(tuple(self.acr_values), mfa=self.mfa, max_age=self.max_login_age)
            object.__setattr__(self, "required_login", required_login)
        if self.public and (self.dpop or self.scopes or self.permissions or self.any_role or self.required_login):
            raise ValueError(
                "a public rule needs no token, so it cannot ask for DPoP, scopes, permissions, roles or logins"
            )
        if not self.any_role and (self.within_organization or self.stale_ok):
            raise ValueError("within_organization and stale_ok say how roles count: a rule with them needs any_role")
        if self.any_role:
            required = RequiredRoles(
                frozenset(self.any_role), within_organization=self.within_organization, stale_ok=self.stale_ok
            )
            object.__setattr__(self, "required_roles", required)
        if self.rate_limit is not None:
            object.__setattr__(self, "policy", Policy.parse(self.rate_limit))

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it asks for, for lists of routes."""
        return (
            *(() if self.public else (TOKEN,)),
            *((DPOP,) if self.dpop else ()),
            *((Requirement("scope", tuple(self.scopes)),) if self.scopes else ()),
            *((Requirement("permission", tuple(self.permissions)),) if self.permissions else ()),
            *(() if self.required_roles is None else (self.required_roles.requirement,)),
            *(() if self.required_login is None else self.required_login.requirements),
            *(() if self.policy is None else (Requirement("rate limit", (self.policy.text,)),)),
        )

    @property
    def name(self) -> str:
        """What its requests are logged and counted under: `GET,POST /api`."""
        return " ".join([*([",".join(self.methods)] if self.methods else []), self.path])


def _require_prefix(path: str) -> None:
    if not path.startswith("/") or re.search(r"[{}<>*]", path):
        raise ValueError("the path of a rule is a prefix that begins with /, without parameters or wildcards")
    prefix = path.rstrip("/") or "/"
    if canonical(prefix) != prefix.casefold():
        raise ValueError("the path of a rule is decoded, without . or .. or empty segments")


def _require_methods(methods: Collection[str]) -> None:
    if not all(map(_METHOD.fullmatch, methods)):
        raise ValueError("methods of a rule are HTTP methods in capitals, such as GET")
    if "HEAD" in methods:
        raise ValueError("GET in a rule includes HEAD: name GET")
