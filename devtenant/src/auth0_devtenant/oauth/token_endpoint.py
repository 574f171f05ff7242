"""/oauth/token: the grant types, each in a file of its own.

Statuses and messages are Auth0's, which differ from RFC 6749 section 5.2 in places.
"""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.authorization_code import redeem_code
from auth0_devtenant.oauth.client_authentication import read_authenticated
from auth0_devtenant.oauth.client_credentials import issue_to_machine
from auth0_devtenant.oauth.device import issue_to_device
from auth0_devtenant.oauth.mfa import MFA_OTP, issue_for_otp
from auth0_devtenant.oauth.password import PASSWORD_REALM, issue_for_password, issue_for_realm
from auth0_devtenant.oauth.passwordless import PASSWORDLESS_OTP, issue_for_code
from auth0_devtenant.oauth.refresh_token import refresh
from auth0_devtenant.oauth.sender_constraining import read_proof
from auth0_devtenant.oauth.token_exchange import TOKEN_EXCHANGE, exchange
from auth0_devtenant.oauth.token_request import TokenRequest, require_grant_type, required
from auth0_devtenant.state import DEVICE_CODE

GRANT_TYPES: Final[Mapping[str, Callable[[TokenRequest], Response]]] = {
    "authorization_code": redeem_code,
    "refresh_token": refresh,
    "client_credentials": issue_to_machine,
    "password": issue_for_password,
    PASSWORD_REALM: issue_for_realm,
    PASSWORDLESS_OTP: issue_for_code,
    MFA_OTP: issue_for_otp,
    DEVICE_CODE: issue_to_device,
    TOKEN_EXCHANGE: exchange,
}


async def issue_token(request: Request) -> Response:
    """Answer a token request."""
    client, parameters = await read_authenticated(request)
    grant_type = required(parameters, "grant_type")
    issue = GRANT_TYPES.get(grant_type)
    if issue is None:
        raise OAuthError(403, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
    require_grant_type(client, grant_type)
    thumbprint = read_proof(request, client)
    return issue(TokenRequest(tenant_of(request), client, parameters, issuer_of(request), thumbprint))
