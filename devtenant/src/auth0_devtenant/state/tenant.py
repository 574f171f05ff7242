"""A tenant: its options, its clock and its state, with the operations on them that several endpoints share."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from secrets import token_bytes, token_hex, token_urlsafe
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant.keys import KeyMaker, SigningKeys
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import DATABASE, PLAYGROUND_CLIENT_ID, Person
from auth0_devtenant.seed.models import derived_id
from auth0_devtenant.state.records import (
    Api,
    Connection,
    Grant,
    Json,
    Organization,
    Permission,
    RateLimitPlan,
    RefreshTokenFamily,
    Role,
    Session,
    User,
)
from auth0_devtenant.state.state import State, permissions, state_of

_PROVIDERS = {"email": "email", "samlp": "samlp", "oidc": "oidc", "waad": "waad"}


class Tenant:
    """The state, with the operations on it that several endpoints share."""

    def __init__(
        self, options: TenantOptions, *, now: Callable[[], float], signing_keys: Sequence[rsa.RSAPrivateKey]
    ) -> None:
        """Start with the seed and two signing keys; `now` returns seconds since 1970."""
        self.options = options
        self._now = now
        self.log_listeners: list[Callable[[Json], None]] = []
        """Called with each log event."""
        self.event_listeners: list[Callable[[str, Json], None]] = []
        """Called with the type and the object of each event of an event stream."""
        self.session_listeners: list[Callable[[Session, str], None]] = []
        """Called with each session that was ended, and why: an initiator of Auth0's back-channel logout."""
        self.nonce_key = token_bytes(32)
        """What makes the nonces of DPoP proofs unpredictable."""
        self.make_key = KeyMaker(urlsplit(options.issuer).netloc, signing_keys)
        keys = SigningKeys(self.make_key(now()), self.make_key(now()))
        self.state = state_of(options.seed, keys, management_audience=options.management_audience)
        for person in options.seed.people:
            self._add_person(person)
        for organization in options.seed.organizations:
            members = {
                self._id_of(email): tuple(self._role_ids(names)) for email, names in organization.members.items()
            }
            self.state.organizations[organization.id] = Organization(
                organization.id, organization.name, organization.display_name, members, organization.connections
            )
        self._fresh = self.snapshot()

    def now(self) -> float:
        """Return the tenant's time, in seconds since 1970."""
        return self._now() + self.state.clock_offset

    def timestamp(self) -> str:
        """Return the current time in Auth0's format, such as 2027-01-15T08:00:00.000Z."""
        moment = dt.datetime.fromtimestamp(self.now(), dt.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def snapshot(self) -> State:
        """Return a copy of the state, for `restore`."""
        return deepcopy(self.state)

    def restore(self, snapshot: State | None = None) -> None:
        """Go back to a snapshot, by default to the state of a new tenant."""
        self.state = deepcopy(self._fresh if snapshot is None else snapshot)

    def load(self, state: State) -> None:
        """Replace the state by an exported one; the Management API of its issuer becomes that of this one."""
        before = next(api.identifier for api in state.apis.values() if api.is_system)
        now = self.options.management_audience
        api = state.apis.pop(before)
        api.identifier = now
        state.apis[now] = api
        for grant in state.client_grants.values():
            grant.audience = now if grant.audience == before else grant.audience
        # The playground's origin is that of this start.
        state.clients.pop(PLAYGROUND_CLIENT_ID, None)
        own = self._fresh.clients.get(PLAYGROUND_CLIENT_ID)
        state.clients |= {} if own is None else {PLAYGROUND_CLIENT_ID: deepcopy(own)}
        self.state = state

    def set_rate_limit_plan(self, plan: RateLimitPlan) -> None:
        """Let the rate limits of a plan apply to the Management API; its bucket is full at first."""
        self.state.rate_limit_plan = plan
        self.state.rate_limit_bucket.plan = "off"

    def add_user(
        self,
        user_id: str,
        email: str,
        password: str,
        *,
        name: str | None = None,
        connection: str = DATABASE,
        email_verified: bool = False,
    ) -> User:
        """Store a new user and return it."""
        moment = self.timestamp()
        provider, _, identity = user_id.partition("|")
        strategy = self.connection(connection)
        document = {
            "created_at": moment,
            "email": email,
            "email_verified": email_verified,
            "identities": [
                {
                    "connection": connection,
                    "user_id": identity,
                    "provider": provider,
                    "isSocial": strategy is not None and strategy.strategy not in {"auth0", *_PROVIDERS},
                }
            ],
            "name": name or email,
            "nickname": email.partition("@")[0],
            "picture": f"https://cdn.auth0.com/avatars/{email[:2]}.png",
            "updated_at": moment,
            "user_id": user_id,
        }
        user = self.state.users[user_id] = User(document, password)
        return user

    def find_by_email(self, email: str, connection: str = DATABASE) -> User | None:
        """Return the user of a connection with that email; a database connection stores emails in lower case."""
        users = (user for user in self.state.users.values() if user.connection == connection)
        return next((user for user in users if user.document.get("email") == email.lower()), None)

    def connection(self, name: str) -> Connection | None:
        """Return the connection of that name."""
        return next((each for each in self.state.connections.values() if each.name == name), None)

    def check_password(self, email: str, password: str) -> User | None:
        """Return the user with these credentials; None for wrong ones and for a blocked user, which is logged."""
        user = self.find_by_email(email)
        if user is None:
            return None
        if user.password != password or user.document.get("blocked"):
            self.log("fp", "Wrong email or password.", user)
            return None
        return user

    def log_in(self, user: User) -> None:
        """Note and log a login that has succeeded."""
        self.log("s", "Successful login", user)
        moment = self.timestamp()
        user.document |= {"last_login": moment, "last_ip": "127.0.0.1", "updated_at": moment}
        user.document["logins_count"] = user.document.get("logins_count", 0) + 1

    def start_session(
        self, user: User, *, amr: Sequence[str] = (), acr: str | None = None, organization_id: str | None = None
    ) -> str:
        """Return the secret of a new session, for the browser's cookie."""
        secret = new_secret()
        self.state.sessions[secret] = Session(
            f"ses_{token_hex(10)}",
            user.user_id,
            self.timestamp(),
            auth_time=int(self.now()),
            amr=tuple(amr),
            acr=acr,
            organization_id=organization_id,
        )
        return secret

    def end_session(self, secret: str, initiator: str) -> None:
        """End a session, if there is one of that secret; `initiator` says why, such as rp-logout."""
        session = self.state.sessions.pop(secret, None)
        if session is not None:
            for listener in self.session_listeners:
                listener(session, initiator)

    def end_sessions(self, user_id: str, initiator: str = "session-revoked") -> None:
        """End all sessions of a user."""
        for secret in [key for key, session in self.state.sessions.items() if session.user_id == user_id]:
            self.end_session(secret, initiator)

    def issue_refresh_token(self, grant: Grant) -> str:
        """Return the first refresh token of a login."""
        token, family_id = new_secret(), f"rtk_{token_hex(10)}"
        grant = replace(grant, nonce=None, code_challenge=None, redirect_uri=None)
        self.state.families[family_id] = RefreshTokenFamily(family_id, grant, token, self.timestamp())
        self.state.refresh_tokens[token] = family_id
        return token

    def refresh_token_family(self, token: str) -> RefreshTokenFamily | None:
        """Return the family of a refresh token, which may not be the current one."""
        return self.state.families.get(self.state.refresh_tokens.get(token, ""))

    def rotate_refresh_token(self, family: RefreshTokenFamily) -> str:
        """Return the next refresh token of a login; the earlier ones stay known, so that their reuse is detected."""
        family.current = new_secret()
        self.state.refresh_tokens[family.current] = family.id
        return family.current

    def revoke_refresh_tokens(self, family: RefreshTokenFamily) -> None:
        """Revoke all refresh tokens of a login."""
        self.state.families.pop(family.id, None)
        tokens = self.state.refresh_tokens.items()
        self.state.refresh_tokens = {token: owner for token, owner in tokens if owner != family.id}

    def log(self, kind: str, description: str, user: User | None = None, *, client_id: str | None = None) -> None:
        """Store a log event; `kind` is Auth0's short code ("Log event type codes")."""
        moment = self.timestamp()
        event: Json = {
            "log_id": f"9002{len(self.state.logs):024d}",
            "date": moment,
            "type": kind,
            "description": description,
            "ip": "127.0.0.1",
        }
        about = {} if user is None else {"user_id": user.user_id, "user_name": user.document.get("email", "")}
        event |= about | ({} if client_id is None else {"client_id": client_id})
        self.state.logs.append(event)
        for listener in self.log_listeners:
            listener(event)

    def emit(self, kind: str, content: Json) -> None:
        """Tell the listeners of an event of Auth0's event streams, such as user.updated."""
        for listener in self.event_listeners:
            listener(kind, deepcopy(content))

    def find_organization(self, name_or_id: str) -> Organization | None:
        """Return the organization of that id or name."""
        organizations = self.state.organizations.values()
        return next((each for each in organizations if name_or_id in {each.id, each.name}), None)

    def roles_of(self, user: User) -> list[Role]:
        """Return the roles assigned to a user in the tenant."""
        return [self.state.roles[role_id] for role_id in user.role_ids if role_id in self.state.roles]

    def permissions_of(self, user: User, organization_id: str | None = None) -> list[Permission]:
        """Return a user's permissions, sorted and without duplicates.

        They are those assigned directly, of the user's roles and of the roles as a member of that organization.
        """
        roles = self.roles_of(user)
        organization = self.state.organizations.get(organization_id or "")
        if organization is not None:
            ids = organization.members.get(user.user_id, ())
            roles += [self.state.roles[role_id] for role_id in ids if role_id in self.state.roles]
        found = {*user.permissions, *(permission for role in roles for permission in role.permissions)}
        return sorted(found, key=lambda permission: (permission.audience, permission.name))

    def permission_names(self, user: User, audience: str, organization_id: str | None = None) -> list[str]:
        """Return the names of a user's permissions for one API."""
        found = self.permissions_of(user, organization_id)
        return [permission.name for permission in found if permission.audience == audience]

    def api(self, audience: str) -> Api | None:
        """Return the API of an audience; the Management API has one identifier for each name of the issuer."""
        if audience in self.management_audiences:
            audience = self.options.management_audience
        return self.state.apis.get(audience)

    def requested_audience(self, parameters: Mapping[str, str]) -> str | None:
        """Return the API that a request names: `audience`, else `resource` (RFC 8707); None without both.

        This is Auth0's "Resource Parameter Compatibility Profile"; with "audience" as the tenant setting
        `resource_parameter_profile` the parameter `resource` is ignored.
        """
        profile = self.state.tenant_settings.get("resource_parameter_profile", "compatibility")
        resource = parameters.get("resource") if profile == "compatibility" else None
        return parameters.get("audience") or resource or None

    @property
    def identifies_issuer(self) -> bool:
        """Whether authorization responses name the issuer (RFC 9207); at Auth0 too they do not by default."""
        return bool(self.state.tenant_settings.get("authorization_response_iss_parameter_supported"))

    @property
    def management_audiences(self) -> tuple[str, ...]:
        """The identifiers of the Management API."""
        return tuple(f"{issuer}api/v2/" for issuer in self.options.issuers)

    @property
    def web_origins(self) -> Iterator[str]:
        """The origins whose pages may request tokens: those of all applications."""
        for client in self.state.clients.values():
            yield from client.web_origins

    def _add_person(self, person: Person) -> None:
        user = self.add_user(
            self._id_of(person.email),
            person.email.lower(),
            person.password,
            name=person.name or None,
            connection=person.connection,
            email_verified=person.email_verified,
        )
        user.role_ids = self._role_ids(person.roles)
        user.permissions = permissions(self.options.seed, person.permissions)
        user.mfa = person.mfa
        metadata = {"user_metadata": dict(person.user_metadata), "app_metadata": dict(person.app_metadata)}
        user.document |= {name: value for name, value in metadata.items() if value}
        if person.blocked:
            user.document["blocked"] = True

    def _id_of(self, email: str) -> str:
        person = next(each for each in self.options.seed.people if each.email == email)
        if person.user_id:
            return person.user_id
        connection = self.connection(person.connection)
        provider = "auth0" if connection is None else connection.strategy
        middle = f"{connection.name}|" if connection is not None and provider in {"samlp", "oidc", "waad"} else ""
        return f"{provider}|{middle}{derived_id('', 24, 'person', email)}"

    def _role_ids(self, names: Sequence[str]) -> list[str]:
        return [role.id for role in self.state.roles.values() if role.name in names]


def new_secret() -> str:
    """Return a random opaque string: a code, a refresh token, a session's cookie."""
    return token_urlsafe(32)
