"""The bodies of requests that create and update applications (clients)."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from auth0_devtenant.management.validation import Body
from auth0_devtenant.seed.models import Initiator

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^<>]+$")]
Urls: TypeAlias = list[str]
AppType: TypeAlias = Literal["native", "spa", "regular_web", "non_interactive", "resource_server"]
AuthMethod: TypeAlias = Literal["none", "client_secret_post", "client_secret_basic"]
ClientMetadata: TypeAlias = Annotated[dict[str, str | None], Field(max_length=10)]


class LogoutInitiators(Body):
    """The ends of a session on which a logout token is sent."""

    mode: Literal["custom", "all"] = "custom"
    selected_initiators: list[Initiator] = Field(default_factory=list)


class SessionMetadata(Body):
    """Whether logout tokens have the session's metadata, which this tenant does not have."""

    include: bool | None = None


class OidcLogout(Body):
    """Back-channel logout: where and when a logout token is sent."""

    backchannel_logout_urls: Annotated[Urls, Field(max_length=1)] | None = None
    backchannel_logout_initiators: LogoutInitiators | None = None
    backchannel_logout_session_metadata: SessionMetadata | None = None


class UpdateClient(Body):
    """Changes of a client. The members of the second block are stored and shown, and have no effect here."""

    name: Name | None = None
    app_type: AppType | None = None
    client_secret: Annotated[str, StringConstraints(min_length=1)] | None = None
    token_endpoint_auth_method: AuthMethod | None = None
    callbacks: Urls | None = None
    allowed_logout_urls: Urls | None = None
    web_origins: Urls | None = None
    grant_types: list[str] | None = None
    organization_usage: Literal["deny", "allow", "require"] | None = None
    client_metadata: ClientMetadata | None = None
    resource_server_identifier: str | None = None
    require_proof_of_possession: bool | None = None
    oidc_logout: OidcLogout | None = None

    description: str | None = None
    logo_uri: str | None = None
    allowed_origins: Urls | None = None
    allowed_clients: list[str] | None = None
    client_aliases: list[str] | None = None
    initiate_login_uri: str | None = None
    organization_require_behavior: str | None = None
    is_first_party: bool | None = None
    oidc_conformant: bool | None = None
    is_token_endpoint_ip_header_trusted: bool | None = None
    require_pushed_authorization_requests: bool | None = None
    cross_origin_authentication: bool | None = None
    cross_origin_loc: str | None = None
    custom_login_page_on: bool | None = None
    sso: bool | None = None
    sso_disabled: bool | None = None
    jwt_configuration: dict[str, Any] | None = None
    refresh_token: dict[str, Any] | None = None
    default_organization: dict[str, Any] | None = None
    addons: dict[str, Any] | None = None
    mobile: dict[str, Any] | None = None


class CreateClient(UpdateClient):
    """A new client; without an app_type it is a regular web application."""

    name: Name
