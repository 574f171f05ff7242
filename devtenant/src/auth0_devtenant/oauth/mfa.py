"""The grant mfa-otp: the second factor after a login by password (Auth0: "Authenticate using ROPG with MFA").

Auth0 takes the code of an authenticator app; here it comes by email, into the mailbox.
"""

from dataclasses import replace
from hmac import compare_digest
from typing import Final

from starlette.responses import Response

from auth0_devtenant.errors import OAuthError
from auth0_devtenant.mailbox import new_code, send
from auth0_devtenant.oauth.token_request import TokenRequest, user_of, user_response
from auth0_devtenant.state import Grant, MfaTransaction, User, new_secret

MFA_OTP: Final = "http://auth0.com/oauth/grant-type/mfa-otp"

_LIFETIME = 600.0
_INVALID_TOKEN = "Malformed mfa_token"  # noqa: S105 - the text of an error, not a secret


def require_second_factor(request: TokenRequest, user: User, grant: Grant) -> None:
    """Raise `OAuthError` with an `mfa_token` if the user has enrolled a second factor."""
    if not user.mfa:
        return
    tenant, token, code = request.tenant, new_secret(), new_code()
    expires_at = tenant.now() + _LIFETIME
    tenant.state.mfa_transactions[token] = MfaTransaction(request.client.client_id, grant, expires_at, code)
    send(tenant, user.document.get("email", ""), "Code of the second factor", f"Your code is {code}.", code=code)
    raise OAuthError(403, "mfa_required", "Multifactor authentication required", mfa_token=token)


def issue_for_otp(request: TokenRequest) -> Response:
    """Return the tokens of a login that waited for the code of the second factor."""
    token, code = request.required("mfa_token"), request.required("otp")
    tenant = request.tenant
    transaction = tenant.state.mfa_transactions.get(token)
    if transaction is None or transaction.client_id != request.client.client_id:
        raise OAuthError(403, "invalid_grant", _INVALID_TOKEN)
    if transaction.expires_at <= tenant.now():
        raise OAuthError(401, "expired_token", "mfa_token is expired")
    if not compare_digest(transaction.code.encode(), code.encode("utf-8", "replace")):
        raise OAuthError(403, "invalid_grant", "Invalid otp_code.")
    del tenant.state.mfa_transactions[token]
    user = user_of(tenant, transaction.grant.user_id, missing=_INVALID_TOKEN)
    tenant.log_in(user)
    return user_response(request, user, replace(transaction.grant, amr=("mfa",)), gty="password")
