"""The whole error tree: whose fault it is, a stable code, one public sentence. HTTP statuses live in `web.problems`.

An app may raise and catch each of them, and subclass them: a subclass has the status and the challenge of its nearest
base here, and a `code` of its own if it sets one.

    class SubscriptionEndedError(InsufficientScopeError):
        code = "subscription_ended"

    raise SubscriptionEndedError("unpaid", "Your subscription has ended.")

Auth0SsoError                      internal_error           ours
├── ConfigurationError               configuration_invalid, before a socket opens
├── CallerError                      bad_request            the caller's
│   ├── MissingTokenError              missing_token
│   ├── InvalidRequestError            invalid_request      (RFC 6750 section 3.1)
│   ├── InvalidTokenError              invalid_token        (RFC 6750 section 3.1)
│   ├── InvalidDPoPProofError          invalid_dpop_proof   (RFC 9449 section 7.1)
│   │   └── UseDPoPNonceError            use_dpop_nonce       (RFC 9449 section 9)
│   ├── InsufficientUserAuthenticationError  insufficient_user_authentication  (RFC 9470 section 3)
│   ├── InsufficientScopeError         insufficient_scope   (RFC 6750 section 3.1)
│   ├── ExchangeRefusedError           exchange_refused     (RFC 8693 section 2.2.2)
│   ├── InvalidLogoutTokenError        invalid_logout_token (OpenID Connect Back-Channel Logout 1.0 section 2.8)
│   ├── InvalidInputError              invalid_input
│   ├── NotFoundError                  not_found
│   ├── ConflictError                  conflict
│   └── RateLimitedError               rate_limited
├── TemporaryError                   temporarily_unavailable   ours, and it passes
│   ├── StoreUnavailableError          store_unavailable
│   ├── AuditUnavailableError          audit_unavailable
│   └── ShuttingDownError              shutting_down
└── TenantError                      tenant_error           Auth0's, or of our own credentials there
    ├── UnavailableError               tenant_unavailable
    │   ├── KeysUnavailableError         keys_unavailable
    │   └── ManagementUnavailableError   management_unavailable
    │       └── ManagementRateLimitedError   management_rate_limited
    │   └── TokenUnavailableError        token_unavailable
    │       └── ClientQuotaError           client_quota_exceeded
    ├── ClientRefusedError             client_refused
    ├── TokenAnswerError               token_answer_invalid
    ├── ManagementRefusedError         management_refused
    ├── ManagementAnswerError          management_answer_invalid
    └── ManagementNotConfiguredError   management_not_configured
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TenantAnswer:
    """What the tenant said when it did not do as asked: for the operator and Auth0's support, not for the caller."""

    status: int
    error_code: str | None
    request_id: str | None


class Auth0SsoError(Exception):
    """Base of every error this package raises on purpose.

    `detail` is one sentence for the caller; `reason` is a word for logs and metrics. Neither ever repeats
    what a token, a header or a secret said.
    """

    code: ClassVar[str] = "internal_error"
    """A word for programs. A subclass without one has that of its base."""
    answer: TenantAnswer | None = None
    """The tenant's answer behind this, where there was one."""
    retry_after: int | None = None
    """Seconds after which a try makes sense, where that can be said."""
    log_detail: str | None = None
    """What the log says beside the reason, such as what was expected and what was found; never in a response. Text
    from outside is in it quoted, and of limited length."""

    def __init__(self, detail: str, *, reason: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = self.code if reason is None else reason


class ConfigurationError(Auth0SsoError):
    """The settings cannot be used. `problems` holds one line for each fault, secrets left out."""

    code = "configuration_invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  {line}" for line in problems))
        self.problems = problems


class CallerError(Auth0SsoError):
    """The caller can correct it: always a 4xx, and 400 for this class itself."""

    code = "bad_request"


class MissingTokenError(CallerError):
    """No token came with the request, or one with a scheme that is not accepted: 401 with a bare challenge."""

    code = "missing_token"


class InvalidRequestError(CallerError):
    """The Authorization header is malformed."""

    code = "invalid_request"


class InvalidTokenError(CallerError):
    """The access token is refused: 401. `reason` says why, for the operator, and `detail` is for the caller."""

    code = "invalid_token"
    key_id: str | None = None
    """The `kid` that the token names, where it was read: not verified, and not for a response."""
    client_id: str | None = None
    """Of the application that the token was issued to, where its signature was verified."""
    needs_dpop: bool = False
    """Whether a token that is bound to a key would pass: the challenge of the DPoP scheme says so."""

    def __init__(self, reason: str, detail: str, *, log_detail: str | None = None) -> None:
        super().__init__(detail, reason=reason)
        self.log_detail = log_detail


class InvalidDPoPProofError(CallerError):
    """The access token is bound to a key, and the request does not prove that its sender has it: 401."""

    code = "invalid_dpop_proof"
    client_id: str | None = None
    """Of the application that the token was issued to."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)


class UseDPoPNonceError(InvalidDPoPProofError):
    """The proof needs the nonce in the response's header DPoP-Nonce: 401. Clients try again with it at once."""

    code = "use_dpop_nonce"

    def __init__(self, reason: str, nonce: str) -> None:
        super().__init__(reason, "Send a DPoP proof with the nonce of this response.")
        self.nonce = nonce


class InsufficientUserAuthenticationError(CallerError):
    """The token is good, the login behind it is too weak or too old: 401. A new login corrects it (RFC 9470)."""

    code = "insufficient_user_authentication"

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        acr_values: tuple[str, ...] = (),
        max_age: int | None = None,
        log_detail: str | None = None,
    ) -> None:
        """Take what the challenge asks of the login: values of `acr`, one of them, and its maximum age in seconds."""
        super().__init__(detail, reason=reason)
        self.acr_values = acr_values
        self.max_age = max_age
        self.log_detail = log_detail


class InvalidLogoutTokenError(CallerError):
    """A logout token is refused, or there is not exactly one: 400. `reason` says why, for the operator."""

    code = "invalid_logout_token"

    def __init__(self, reason: str) -> None:
        super().__init__("The logout token is refused.", reason=reason)


class InsufficientScopeError(CallerError):
    """The token is good, its bearer may not do this: 403. `scopes` names missing scopes or permissions (RFC 6749)."""

    code = "insufficient_scope"
    roles: tuple[str, ...] = ()
    """Names of roles that the user needs, one of them or all; not for a response."""
    asked_for: tuple[str, ...] = ()
    """Networks, email domains or organizations that the guard names, of which one suffices; not for a response."""

    def __init__(
        self, reason: str, detail: str, *, scopes: tuple[str, ...] = (), asked_for: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail, reason=reason)
        self.scopes = scopes
        self.asked_for = asked_for


class ExchangeRefusedError(CallerError):
    """Auth0 issues no token for the next service on this caller's behalf: 403.

    The reasons are `consent_required`, `interaction_required`, `access_denied`, `delegation_too_deep`,
    `subject_token_refused` and `subject_token_bound`.
    """

    code = "exchange_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("This cannot be done on your behalf at the service that it needs.", reason=reason)


class InvalidInputError(CallerError):
    """What the caller asked for cannot be done as asked; Auth0's words when the tenant said so."""

    code = "invalid_input"


class NotFoundError(CallerError):
    """The user, role or other thing that was named does not exist."""

    code = "not_found"


class ConflictError(CallerError):
    """What was to be created exists already."""

    code = "conflict"


class RateLimitedError(CallerError):
    """The caller's budget is spent: 429. A retry after `retry_after` seconds passes."""

    code = "rate_limited"
    retry_after: int
    limit: str | None = None
    """The policy of the rate limit, such as `10/minute`, where it is known."""

    def __init__(self, *, retry_after: int, reason: str | None = None) -> None:
        super().__init__("Too many requests. Wait as long as Retry-After says, then try again.", reason=reason)
        self.retry_after = retry_after


class TemporaryError(Auth0SsoError):
    """This process cannot serve the request now: 503. Another may, or this one after `retry_after` seconds."""

    code = "temporarily_unavailable"
    retry_after = 1


class StoreUnavailableError(TemporaryError):
    """The store that all replicas share does not answer, and RATE_LIMIT_ON_STORE_ERROR is `deny`; or it is asked
    whether a DPoP proof was used already, or the memory for that is full."""

    code = "store_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__("Requests cannot be counted now.", reason=f"store_{reason}")


class AuditUnavailableError(TemporaryError):
    """The audit database does not answer, so the audit trail cannot be read."""

    code = "audit_unavailable"

    def __init__(self) -> None:
        super().__init__("The audit trail cannot be read now.")


class ShuttingDownError(TemporaryError):
    """This process takes no new requests: it is shutting down."""

    code = "shutting_down"

    def __init__(self) -> None:
        super().__init__("This process is shutting down.")


class TenantError(Auth0SsoError):
    """The tenant cannot serve us now, or refuses to: never the caller's fault, so never a 4xx; 502 for this class."""

    code = "tenant_error"


class UnavailableError(TenantError):
    """A failure that may end by itself: 503. Retry after `retry_after` seconds."""

    code = "tenant_unavailable"
    retry_after: int

    def __init__(self, detail: str, *, reason: str, retry_after: int) -> None:
        super().__init__(detail, reason=reason)
        self.retry_after = retry_after


class KeysUnavailableError(UnavailableError):
    """The issuer's key set is not available, so no token can be accepted or refused."""

    code = "keys_unavailable"

    def __init__(self, reason: str, *, retry_after: int) -> None:
        detail = "Access tokens cannot be verified now: the issuer's keys are unavailable."
        super().__init__(detail, reason=reason, retry_after=retry_after)


class TokenUnavailableError(UnavailableError):
    """The tenant's token endpoint does not answer, or asks us to wait: there is no token for the next service."""

    code = "token_unavailable"

    def __init__(self, reason: str, *, retry_after: int) -> None:
        super().__init__("The identity provider issues no tokens now.", reason=reason, retry_after=retry_after)


class ClientQuotaError(TokenUnavailableError):
    """The client has used up its tokens, or the tenant its rate limit; Auth0 says how long to wait."""

    code = "client_quota_exceeded"


class ClientRefusedError(TenantError):
    """Auth0 refuses our own credentials, or what their client may ask for: our configuration."""

    code = "client_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("The identity provider does not let this service call the next one.", reason=reason)


class TokenAnswerError(TenantError):
    """The token endpoint's answer cannot be read."""

    code = "token_answer_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__("The identity provider gave an answer that cannot be read.", reason=reason)


class ManagementUnavailableError(UnavailableError):
    """The Management API does not answer, or asks us to wait (`Retry-After`)."""

    code = "management_unavailable"

    def __init__(self, reason: str, *, retry_after: int) -> None:
        super().__init__("The identity provider cannot answer now.", reason=reason, retry_after=retry_after)


class ManagementRateLimitedError(ManagementUnavailableError):
    """The tenant gets more Management API calls from us than its plan allows (Auth0: Rate Limit Policy)."""

    code = "management_rate_limited"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__("rate_limited", retry_after=retry_after)


class ManagementRefusedError(TenantError):
    """Auth0 refuses our own credentials or their scopes; it asks for one of `scopes`, where it said so."""

    code = "management_refused"

    def __init__(self, reason: str, *, scopes: tuple[str, ...] = ()) -> None:
        super().__init__("The identity provider does not allow this service to do that.", reason=reason)
        self.scopes = scopes


class ManagementAnswerError(TenantError):
    """The Management API's answer cannot be read."""

    code = "management_answer_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__("The identity provider gave an answer that cannot be read.", reason=reason)


class ManagementNotConfiguredError(TenantError):
    """This service has no Management API credentials."""

    code = "management_not_configured"

    def __init__(self) -> None:
        super().__init__(
            "This service is not connected to the identity provider's Management API: set "
            "AUTH0_MANAGEMENT_CLIENT_ID and AUTH0_MANAGEMENT_CLIENT_SECRET."
        )
