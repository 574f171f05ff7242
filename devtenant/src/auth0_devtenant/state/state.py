"""All records of a tenant, and how a seed becomes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from auth0_devtenant import seed
from auth0_devtenant.keys import SigningKeys
from auth0_devtenant.seed.management import MANAGEMENT_SCOPES
from auth0_devtenant.seed.models import derived_id
from auth0_devtenant.state.records import (
    Api,
    Client,
    ClientGrant,
    Connection,
    Consent,
    DeviceCode,
    Grant,
    Invitation,
    Json,
    Login,
    Message,
    MfaTransaction,
    OpaqueToken,
    Organization,
    PasswordlessCode,
    Permission,
    PushedRequest,
    RateLimitBucket,
    RateLimitPlan,
    RefreshTokenFamily,
    Role,
    Session,
    Ticket,
    User,
)


@dataclass(slots=True)
class State:
    """All records, by id."""

    keys: SigningKeys
    apis: dict[str, Api] = field(default_factory=dict)
    """By identifier; the Management API is one of them."""
    clients: dict[str, Client] = field(default_factory=dict)
    client_grants: dict[str, ClientGrant] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    organizations: dict[str, Organization] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    """By the secret in the browser's cookie."""
    logins: dict[str, Login] = field(default_factory=dict)
    """By the `state` of the login form."""
    pushed_requests: dict[str, PushedRequest] = field(default_factory=dict)
    """By request_uri."""
    consents: dict[str, Consent] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    families: dict[str, RefreshTokenFamily] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    """The id of the family of each refresh token, valid or used before."""
    opaque_tokens: dict[str, OpaqueToken] = field(default_factory=dict)
    device_codes: dict[str, DeviceCode] = field(default_factory=dict)
    passwordless_codes: dict[str, PasswordlessCode] = field(default_factory=dict)
    """By email."""
    mfa_transactions: dict[str, MfaTransaction] = field(default_factory=dict)
    """By the `mfa_token`."""
    mailbox: list[Message] = field(default_factory=list)
    logs: list[Json] = field(default_factory=list)
    used_assertion_ids: set[str] = field(default_factory=set)
    used_proofs: dict[str, float] = field(default_factory=dict)
    """The DPoP proofs that were used, by key and `jti`, with the time until which they could be used again."""
    default_audience: str | None = None
    default_directory: str | None = None
    """The connection of the password grant, as the tenant setting "Default Directory"."""
    invitations: dict[str, Invitation] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    """By the secret in the URL."""
    tenant_settings: Json = field(default_factory=dict)
    """Those that the Management API stores and shows, without effect."""
    rate_limit_plan: RateLimitPlan = "off"
    rate_limit_bucket: RateLimitBucket = field(default_factory=RateLimitBucket)
    clock_offset: float = 0
    """Seconds by which the tenant's clock is ahead of its host's."""


def state_of(planted: seed.Seed, keys: SigningKeys, *, management_audience: str) -> State:
    """Return the records of a new tenant, without its users."""
    state = State(keys, default_audience=planted.default_audience, rate_limit_plan=planted.rate_limit_plan)
    if planted.dynamic_client_registration:
        state.tenant_settings = {"flags": {"enable_dynamic_client_registration": True}}
    apis = [_api(each) for each in planted.apis] + [_management_api(management_audience)]
    state.apis = {api.identifier: api for api in apis}
    state.connections = {
        each.id: Connection(each.id, each.name, each.strategy, each.display_name) for each in planted.connections
    }
    databases = (each.name for each in planted.connections if each.strategy == "auth0")
    state.default_directory = next(databases, None)
    for role in planted.roles:
        granted = permissions(planted, role.permissions)
        state.roles[role.id] = Role(role.id, role.name, role.description, granted)
    state.clients = {each.client_id: _client(each) for each in planted.applications}
    for application in planted.applications:
        for name, scope in application.grants.items():
            audience = management_audience if name == seed.MANAGEMENT else planted.api(name).identifier
            grant_id = derived_id("cgr_", 16, application.client_id, audience)
            state.client_grants[grant_id] = ClientGrant(
                grant_id,
                application.client_id,
                audience,
                tuple(scope),
                organization_usage=application.organization_usage,
                allow_any_organization=application.organization_usage != "deny",
            )
    return state


def permissions(planted: seed.Seed, given: Mapping[str, Sequence[str]]) -> tuple[Permission, ...]:
    """Return permissions with the identifiers of their APIs."""
    return tuple(
        Permission(name, planted.api(identifier).identifier) for identifier, names in given.items() for name in names
    )


def _api(each: seed.Api) -> Api:
    return Api(
        id=derived_id("", 24, "api", each.identifier),
        identifier=each.identifier,
        name=each.name or each.identifier,
        token_dialect=each.token_dialect,
        token_lifetime=each.token_lifetime,
        enforce_policies=each.enforce_policies,
        allow_offline_access=each.allow_offline_access,
        permissions=dict(each.permissions),
        proof_of_possession=None if each.proof_of_possession is None else each.proof_of_possession.model_dump(),
    )


def _management_api(audience: str) -> Api:
    return Api(
        id=derived_id("", 24, "api", audience),
        identifier=audience,
        name="Auth0 Management API",
        token_dialect="access_token",  # noqa: S106 - the name of a token profile, not a secret
        token_lifetime=86_400,
        enforce_policies=False,
        allow_offline_access=False,
        permissions={name: name.replace(":", " ").capitalize() for name in MANAGEMENT_SCOPES},
        is_system=True,
    )


def _client(each: seed.Application) -> Client:
    return Client(
        client_id=each.client_id,
        name=each.name,
        app_type=each.app_type,
        client_secret=each.client_secret,
        token_endpoint_auth_method=each.token_endpoint_auth_method,
        callback_urls=each.callback_urls,
        logout_urls=each.logout_urls,
        web_origins=each.web_origins,
        grant_types=each.grant_types,
        organization_usage=each.organization_usage,
        is_first_party=each.is_first_party,
        public_key=each.public_key,
        resource_server_identifier=each.resource_server_identifier,
        require_proof_of_possession=each.require_proof_of_possession,
        settings={"oidc_logout": _oidc_logout(each)} if each.backchannel_logout_urls else {},
    )


def _oidc_logout(each: seed.Application) -> Json:
    chosen = each.backchannel_logout_initiators
    initiators = {"mode": "all"} if chosen == "all" else {"mode": "custom", "selected_initiators": list(chosen)}
    return {
        "backchannel_logout_urls": list(each.backchannel_logout_urls),
        "backchannel_logout_initiators": initiators,
    }
