"""The state of a tenant, in memory: lost when it stops."""

import datetime as dt
from collections.abc import Callable, Sequence
from secrets import token_hex, token_urlsafe

from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant.keys import SigningKeys
from auth0_devtenant.models import Grant, Json, RefreshTokenFamily, Role, Session, User
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.people import CONNECTION, ORGANIZATIONS, PEOPLE, ROLE_PERMISSIONS, Organization


class Tenant:
    """The state, with the operations on it that several endpoints share."""

    def __init__(
        self, options: TenantOptions, *, now: Callable[[], float], signing_keys: Sequence[rsa.RSAPrivateKey]
    ) -> None:
        """Start with the people, their roles and two signing keys; `now` returns seconds since 1970."""
        self.options = options
        self.now = now
        self.keys = SigningKeys(options.issuer, now(), signing_keys)
        self.roles = {role.id: role for role in map(_role, ROLE_PERMISSIONS)}
        self.users: dict[str, User] = {}
        self.logins: dict[str, dict[str, str]] = {}
        """The parameters of each login in progress, by the `state` of its form."""
        self.codes: dict[str, Grant] = {}
        self.sessions: dict[str, Session] = {}
        self.refresh_tokens: dict[str, RefreshTokenFamily] = {}
        self.logs: list[Json] = []
        self.used_assertion_ids: set[str] = set()
        for person in PEOPLE:
            user = self.add_user(person.user_id, person.email, person.password, name=person.name)
            user.document["email_verified"] = True
            user.role_ids = [role.id for role in self.roles.values() if role.name in person.roles]

    def timestamp(self) -> str:
        """Return the current time in Auth0's format, such as 2027-01-15T08:00:00.000Z."""
        moment = dt.datetime.fromtimestamp(self.now(), dt.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add_user(self, user_id: str, email: str, password: str, *, name: str | None = None) -> User:
        """Store a new user of the database connection and return it."""
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
        """Return the user with that email; a database connection stores emails in lower case."""
        return next((user for user in self.users.values() if user.document["email"] == email.lower()), None)

    def log_in(self, email: str, password: str) -> User | None:
        """Return the user with these credentials and log the login; None for wrong ones and for a blocked user."""
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

    def start_session(self, user: User) -> str:
        """Return the secret of a new session, for the browser's cookie."""
        secret = new_secret()
        self.sessions[secret] = Session(f"ses_{token_hex(10)}", user.user_id, self.timestamp())
        return secret

    def issue_refresh_token(self, grant: Grant) -> str:
        """Return the first refresh token of a login."""
        token = new_secret()
        self.refresh_tokens[token] = RefreshTokenFamily(f"rtk_{token_hex(10)}", grant, token, self.timestamp())
        return token

    def rotate_refresh_token(self, family: RefreshTokenFamily) -> str:
        """Return the next refresh token of a login; the earlier ones stay known, so that their reuse is detected."""
        family.current = new_secret()
        self.refresh_tokens[family.current] = family
        return family.current

    def revoke_refresh_tokens(self, family: RefreshTokenFamily) -> None:
        """Revoke all refresh tokens of a login."""
        self.refresh_tokens = {text: owner for text, owner in self.refresh_tokens.items() if owner is not family}

    def log(self, kind: str, description: str, user: User) -> None:
        """Store a log event of a user; `kind` is Auth0's short code ("Log event type codes")."""
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

    def find_organization(self, name_or_id: str, user: User) -> Organization | None:
        """Return the organization of that id or name if the user is a member."""
        for organization in ORGANIZATIONS:
            if name_or_id in {organization.id, organization.name} and user.user_id in organization.members:
                return organization
        return None

    def roles_of(self, user: User) -> list[Role]:
        """Return the roles assigned to a user."""
        return [self.roles[role_id] for role_id in user.role_ids]

    def permissions_of(self, user: User) -> list[str]:
        """Return the permissions of a user's roles, sorted and without duplicates."""
        return sorted({permission for role in self.roles_of(user) for permission in role.permissions})


def new_secret() -> str:
    """Return a random opaque string: a code, a refresh token, a session's cookie."""
    return token_urlsafe(32)


def _role(name: str) -> Role:
    return Role(f"rol_{token_hex(8)}", name, f"The role {name}", ROLE_PERMISSIONS[name])
