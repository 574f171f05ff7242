"""Why an exchange was refused: because of the caller, or of our configuration."""

from typing import Final

from auth0_sso.errors import ClientRefusedError, ExchangeRefusedError
from auth0_sso.oauth.token_refusals import AUDIENCE_UNKNOWN, DELEGATION_TOO_DEEP, GRANT_MISSING, SUBJECT_REFUSED

# Error codes that only the user can do something about (OpenID Connect Core section 3.1.2.6; Auth0: mfa_required).
_INTERACTION: Final = frozenset({"interaction_required", "login_required", "mfa_required"})
# An Action's `api.access.deny`, and a blocked user ("user is blocked").
_DENIED: Final = frozenset({"access_denied", "unauthorized"})
_OURS: Final = frozenset({GRANT_MISSING, AUDIENCE_UNKNOWN})


def exchange_error(refused: ClientRefusedError) -> ExchangeRefusedError | ClientRefusedError:
    """Return the refusal of an exchange as an error of the caller where it is that, else as it is."""
    error = _callers_error(refused)
    if error is None:
        return refused
    error.answer, error.log_detail = refused.answer, refused.log_detail
    return error


def _callers_error(refused: ClientRefusedError) -> ExchangeRefusedError | None:
    if refused.reason == DELEGATION_TOO_DEEP:
        return ExchangeRefusedError("delegation_too_deep")
    if refused.reason == SUBJECT_REFUSED:
        return ExchangeRefusedError("subject_token_refused")
    answer = refused.answer
    if answer is None or refused.reason in _OURS:
        return None
    if answer.error_code == "consent_required":
        return ExchangeRefusedError("consent_required")
    if answer.error_code in _INTERACTION:
        return ExchangeRefusedError("interaction_required")
    if answer.status == 403 and answer.error_code in _DENIED:
        return ExchangeRefusedError("access_denied")
    return None
