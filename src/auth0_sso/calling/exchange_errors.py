"""Why an exchange was refused: because of the caller, or of our configuration."""

from typing import Final

from auth0_sso.errors import ClientRefusedError, ExchangeRefusedError
from auth0_sso.oauth.token_refusals import AUDIENCE_UNKNOWN, DELEGATION_TOO_DEEP, GRANT_MISSING, SUBJECT_REFUSED

# OAuth 2.0 error codes (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6) that are about the user.
_OF_THE_USER: Final = frozenset({"consent_required", "interaction_required", "login_required", "mfa_required"})
_OURS: Final = frozenset({GRANT_MISSING, AUDIENCE_UNKNOWN})


def exchange_error(refused: ClientRefusedError) -> ExchangeRefusedError | ClientRefusedError:
    """Return the refusal of an exchange as an error of the caller where it is that, else as it is."""
    reason = _caller_reason(refused)
    if reason is None:
        return refused
    error = ExchangeRefusedError(reason)
    error.answer, error.log_detail = refused.answer, refused.log_detail
    return error


def _caller_reason(refused: ClientRefusedError) -> str | None:
    if refused.reason == DELEGATION_TOO_DEEP:
        return "delegation_too_deep"
    if refused.reason == SUBJECT_REFUSED:
        return "subject_token_refused"
    answer = refused.answer
    if answer is None or refused.reason in _OURS:
        return None
    if answer.error_code in _OF_THE_USER:
        return "consent_required" if answer.error_code == "consent_required" else "interaction_required"
    return "access_denied" if answer.status == 403 and answer.error_code == "access_denied" else None
