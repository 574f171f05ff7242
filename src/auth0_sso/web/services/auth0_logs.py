"""Auth0's Log Streams: what the tenant logs is counted, so that failed logins can be seen and alerted on.

No name, address or id of a user is kept, logged or counted. Auth0 delivers at least once, and in no order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from cachetools import LRUCache
from pydantic import SecretStr

from auth0_sso.errors import InvalidInputError, InvalidTokenError
from auth0_sso.events import Observer, TenantLogEvents
from auth0_sso.http import lenient_json
from auth0_sso.web.services.webhook import Webhook, called_webhook

_LOGINS: Final = frozenset({"f", "fc", "fco", "fcoa", "fens", "fp", "fu", "s"})
_ATTACKS: Final = frozenset({"limit_mu", "limit_sul", "limit_wc", "pwd_leak", "reset_pwd_leak", "signup_pwd_leak"})
_MFA: Final = frozenset(
    {"auth_failed", "auth_rejected", "otp_rate_limit_exceed", "recovery_failed", "recovery_rate_limit_exceed"}
)
_EXCHANGES: Final = frozenset({"feacft", "feccft", "fepft", "fepotpft", "ferrt", "fertft"})
_OF_APIS: Final = frozenset({"api_limit", "api_limit_warning", "fapi", "fs"})

TYPES: Final = _LOGINS | _ATTACKS | {f"gd_{name}" for name in _MFA} | _EXCHANGES | _OF_APIS
"""The codes that are counted by themselves (Auth0: "Log Event Type Codes")."""

_OTHER: Final = "other"
_REMEMBERED: Final = 10_000
_MAX_TEXT: Final = 512


class Auth0Logs(Webhook):
    """Counts what a tenant logs, each event once: Auth0 may send one again, so the last ids are remembered."""

    def __init__(self, tokens: SecretStr, observe: Observer) -> None:
        """Take the tokens that the stream may send, and who is told of each event."""
        super().__init__(tokens)
        self._observe = observe
        self._counted: LRUCache[str, None] = LRUCache(_REMEMBERED)
        for kind in (*sorted(TYPES), _OTHER):
            observe(TenantLogEvents(kind, 0))  # a rate does not see what a counter begins with

    def take(self, body: bytes) -> None:
        """Count the events of a request: a JSON array, JSON lines or an object, as the stream is configured.

        An object is an event, or has the array of events as its member `logs`.

        Raises `InvalidInputError` if it holds anything else; none of its events is counted then.
        """
        numbers = Counter[str]()
        for log_id, kind in list(_events(body)):
            numbers[kind if kind in TYPES else _OTHER] += log_id not in self._counted
            self._counted[log_id] = None
        for kind, number in numbers.items():
            self._observe(TenantLogEvents(kind, number))


def require_log_stream(logs: Auth0Logs, authorization: Sequence[bytes]) -> None:
    """Refuse a request without the token of the stream, given the values of all its Authorization headers.

    Raises `MissingTokenError`, `InvalidRequestError` or `InvalidTokenError`.
    """
    refused = InvalidTokenError("logs_token_mismatch", "This is not the token of the log stream.")
    called_webhook((logs,), authorization, refused)


def _events(body: bytes) -> Iterator[tuple[str, str]]:
    """Return the id and the type of each event."""
    for event in _values(body):
        data = event.get("data") if isinstance(event, dict) else None
        if not isinstance(event, dict) or not isinstance(data, dict):
            raise _malformed()
        yield _text(event.get("log_id")), _text(data.get("type"))


def _values(body: bytes) -> list[object]:
    try:
        value = lenient_json.loads(body)
    except lenient_json.LenientJsonError:
        return [_line(line) for line in body.splitlines() if line.strip()]
    if isinstance(value, dict) and isinstance(value.get("logs"), list):
        value = value["logs"]
    return value if isinstance(value, list) else [value]


def _line(line: bytes) -> object:
    try:
        return lenient_json.loads(line)
    except lenient_json.LenientJsonError:
        raise _malformed() from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _malformed()
    return value


def _malformed() -> InvalidInputError:
    return InvalidInputError("This is not what Auth0's Log Streams send.", reason="log_malformed")
