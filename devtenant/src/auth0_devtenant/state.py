"""Everything the tenant knows, in memory: users, roles, sessions, codes, refresh tokens. Gone when it stops."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant.keys import SigningKeys
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.people import CONNECTION, ORGANIZATIONS, PEOPLE, ROLE_PERMISSIONS, Organization

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class User:
    """A user's document as the Management API shows it, and what it never shows."""

    document: Json
    password: str = field(repr=False)
    role_ids: list[str] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        """The id, provider included."""
        return str(self.document["user_id"])


@dataclass(frozen=True, slots=True)
class Role:
    """A role and what it permits at the API."""

    id: str
    name: str
    description: str
    permissions: tuple[str, ...]

    @property
    def document(self) -> Json:
        """The role as the Management API shows it."""
        return {"id": self.id, "name": self.name, "description": self.description}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person agreed to at the login: the content of a code and of a refresh token."""

    client_id: str
    user_id: str
    scope: tuple[str, ...]
    audience: str | None
    nonce: str | None
    redirect_uri: str
    code_challenge: str
    expires_at: float
    organization: Organization | None = None


@dataclass(slots=True)
class Family:
    """Refresh tokens that descend from one login; reuse of an old one ends them all."""

    id: str
    grant: Grant
    living: str
    created_at: str

    @property
    def document(self) -> Json:
        """The token as the Management API shows it, which is without its text."""
        grant = self.grant
        return {
            "id": self.id,
            "user_id": grant.user_id,
            "client_id": grant.client_id,
            "created_at": self.created_at,
            "rotating": True,
            "resource_servers": [{"audience": grant.audience, "scopes": " ".join(grant.scope)}],
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in."""

    id: str
    user_id: str
    created_at: str

    @property
    def document(self) -> Json:
        """The session as the Management API shows it."""
        return {"id": self.id, "user_id": self.user_id, "created_at": self.created_at}


class Tenant:
    """The state, and the questions that several endpoints ask of it."""

    def __init__(
        self, options: TenantOptions, *, now: Callable[[], float], signing_keys: Sequence[rsa.RSAPrivateKey]
    ) -> None:
        """Start with the three people and two roles."""
        self.options = options
        self.now = now
        self.keys = SigningKeys(options.issuer, now(), signing_keys)
        self.roles = {role.id: role for role in map(_role, ROLE_PERMISSIONS)}
        self.users: dict[str, User] = {}
        self.tickets: dict[str, dict[str, str]] = {}
        self.codes: dict[str, Grant] = {}
        self.sessions: dict[str, Session] = {}
        self.refresh_tokens: dict[str, Family] = {}
        self.logs: list[Json] = []
        self.assertions_seen: set[str] = set()
        for person in PEOPLE:
            user = self.add_user(person.user_id, person.email, person.password, name=person.name)
            user.document["email_verified"] = True
            user.role_ids = [role.id for role in self.roles.values() if role.name in person.roles]

    def timestamp(self) -> str:
        """Return the time now as Auth0 writes it."""
        moment = dt.datetime.fromtimestamp(self.now(), dt.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add_user(self, user_id: str, email: str, password: str, *, name: str | None = None) -> User:
        """Keep a new user and return it."""
        moment = self.timestamp()
        document = {
            "created_at": moment,
            "email": email,
            "email_verified": False,
            "identities": [
                {
                    "connection": CONNECTION,
                    "user_id": user_id.partition("|")[2],
                    "provider": "auth0",
                    "isSocial": False,
                }
            ],
            "name": name or email,
            "nickname": email.partition("@")[0],
            "picture": f"https://cdn.auth0.com/avatars/{email[:2]}.png",
            "updated_at": moment,
            "user_id": user_id,
        }
        user = self.users[user_id] = User(document, password)
        return user

    def find_by_email(self, email: str) -> User | None:
        """Return the user of a database connection, whose emails are lower-cased."""
        return next((user for user in self.users.values() if user.document["email"] == email.lower()), None)

    def log_in(self, email: str, password: str) -> User | None:
        """Return the user whose credentials these are, and count the login."""
        user = self.find_by_email(email)
        if user is None:
            return None
        if user.password != password or user.document.get("blocked"):
            self.log("fp", "Wrong email or password.", user)
            return None
        self.log("s", "Successful login", user)
        moment = self.timestamp()
        user.document |= {"last_login": moment, "last_ip": "127.0.0.1", "updated_at": moment}
        user.document["logins_count"] = user.document.get("logins_count", 0) + 1
        return user

    def open_session(self, user: User) -> str:
        """Return the secret of a new session, for the browser's cookie."""
        secret = self.new_secret()
        self.sessions[secret] = Session(f"ses_{token_hex(10)}", user.user_id, self.timestamp())
        return secret

    def open_family(self, grant: Grant) -> Family:
        """Return a login's first refresh token."""
        living = self.new_secret()
        family = self.refresh_tokens[living] = Family(f"rtk_{token_hex(10)}", grant, living, self.timestamp())
        return family

    def end_family(self, family: Family) -> None:
        """Forget a refresh token and all its kin."""
        self.refresh_tokens = {text: owner for text, owner in self.refresh_tokens.items() if owner is not family}

    def log(self, kind: str, description: str, user: User) -> None:
        """Note an event about a user; `kind` is Auth0's short code ("Log event type codes")."""
        self.logs.append(
            {
                "log_id": f"9002{len(self.logs):024d}",
                "date": self.timestamp(),
                "type": kind,
                "description": description,
                "ip": "127.0.0.1",
                "user_id": user.user_id,
            }
        )

    def organization_of(self, name_or_id: str, user: User) -> Organization | None:
        """Return the organization of that id or name, if the user is its member."""
        for organization in ORGANIZATIONS:
            if name_or_id in {organization.id, organization.name} and user.user_id in organization.members:
                return organization
        return None

    def roles_of(self, user: User) -> list[Role]:
        """Return the roles assigned to a user."""
        return [self.roles[role_id] for role_id in user.role_ids]

    def permissions_of(self, user: User) -> list[str]:
        """Return what a user's roles permit, each once."""
        return sorted({permission for role in self.roles_of(user) for permission in role.permissions})

    def new_secret(self) -> str:
        """Return an opaque text nobody can guess."""
        return token_urlsafe(32)


def _role(name: str) -> Role:
    return Role(f"rol_{token_hex(8)}", name, f"The role {name}", ROLE_PERMISSIONS[name])
