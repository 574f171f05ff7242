"""The grants password and password-realm (RFC 6749 section 4.3, Auth0: "Resource Owner Password Flow").

The connection is the tenant's default directory or, with password-realm, the parameter `realm`.
"""

from typing import Final

from starlette.responses import Response

from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.mfa import require_second_factor
from auth0_devtenant.oauth.token_request import TokenRequest, audience_of, require_not_blocked, user_response
from auth0_devtenant.scopes import all_scopes, granted_scope
from auth0_devtenant.state import Grant, User

PASSWORD_REALM: Final = "http://auth0.com/oauth/grant-type/password-realm"  # noqa: S105 - a grant type, not a secret


def issue_for_password(request: TokenRequest) -> Response:
    """Return the tokens of a user of the default directory."""
    directory = request.tenant.state.default_directory
    if directory is None:
        # The status is unverified.
        raise OAuthError(500, "server_error", "Authorization server not configured with default connection.")
    return _issue(request, directory)


def issue_for_realm(request: TokenRequest) -> Response:
    """Return the tokens of a user of the connection that the request names."""
    realm = request.required("realm")
    connection = request.tenant.connection(realm)
    if connection is None or connection.strategy != "auth0":
        # Unverified: the words of other endpoints of Auth0.
        raise OAuthError(400, "invalid_request", "the connection was not found")
    return _issue(request, realm)


def _issue(request: TokenRequest, connection: str) -> Response:
    username, password = request.required("username"), request.required("password")
    audience = audience_of(request, refusal="invalid audience specified for password grant exchange")
    user = _authenticate(request, connection, username, password)
    grant = _grant(request, user, audience)
    require_second_factor(request, user, grant)
    request.tenant.log_in(user)
    return user_response(request, user, grant, gty="password")


def _authenticate(request: TokenRequest, connection: str, username: str, password: str) -> User:
    user = request.tenant.find_by_email(username, connection)
    if user is None or user.password != password:
        request.tenant.log("fepft", "Wrong email or password.", user, client_id=request.client.client_id)
        raise OAuthError(403, "invalid_grant", "Wrong email or password.")
    require_not_blocked(user)
    return user


def _grant(request: TokenRequest, user: User, audience: str | None) -> Grant:
    requested = request.parameters.get("scope", "").strip() or all_scopes(request.tenant, user, audience)
    return Grant(
        client_id=request.client.client_id,
        user_id=user.user_id,
        scope=granted_scope(request.tenant, requested, user, audience),
        audience=audience,
        issuer=request.issuer,
        auth_time=int(request.tenant.now()),
    )
