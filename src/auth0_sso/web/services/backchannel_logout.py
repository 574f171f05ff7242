"""OpenID Connect Back-Channel Logout 1.0: a logout token ends a session's access tokens.

Sent again, a logout token would change nothing: its time is that of the first. So a replay cache that is unavailable
does not hold up a logout.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InvalidLogoutTokenError, InvalidTokenError, StoreUnavailableError
from auth0_sso.ratelimit.memory import MIB
from auth0_sso.replay.cache import ReplayCache, proof_name
from auth0_sso.replay.memory import MemoryReplays
from auth0_sso.revocation.deny_list import Revocation
from auth0_sso.tokens.logout_token import LogoutPolicy, LogoutToken
from auth0_sso.tokens.logout_verifier import LogoutIssuer, LogoutTokenVerifier
from auth0_sso.web.services.tenants import Tenant

_log = logging.getLogger(__name__)

FORM: Final = "application/x-www-form-urlencoded"
_MAX_FIELDS: Final = 16


class BackchannelLogout:
    """Takes logout tokens of tenants' issuers, for the clients that the settings of each name."""

    def __init__(
        self, tenants: Sequence[Tenant], *, replays: ReplayCache | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Take the tenants, and which logout tokens were used already."""
        issuers = [issuer for tenant in tenants for issuer in _logout_issuers(tenant)]
        self._verifier = LogoutTokenVerifier(issuers, clock=clock)
        self._replay_lifetime = max(each.policy.max_age + 2 * each.policy.leeway for each in issuers)
        self._revocations = {issuer: tenant.revocations for tenant in tenants for issuer in tenant.keys}
        self._replays = MemoryReplays(MIB, clock=clock) if replays is None else replays
        self._names_sessions = bool(tenants[0].settings.auth0_session_id_claim)

    async def log_out(self, content_type: str, body: bytes) -> None:
        """Revoke the access tokens of the session that the request names; its body is a form with one logout token.

        Raises `InvalidLogoutTokenError`, or `KeysUnavailableError` if the token cannot be verified now.
        """
        try:
            token = await self._verifier.verify(_logout_token(content_type, body))
        except InvalidTokenError as error:
            raise InvalidLogoutTokenError(error.reason) from error
        await self._require_new(token)
        if token.subject is None and not self._names_sessions:
            _log.warning("a logout token names a session only: AUTH0_SESSION_ID_CLAIM is needed to end it")
        await self._revocations[token.issuer].revoke(
            Revocation(token.issuer, token.issued_at, token.subject, token.session_id), "logout"
        )

    async def _require_new(self, token: LogoutToken) -> None:
        try:
            is_new = await self._replays.add(proof_name(token.issuer, "logout", token.id), self._replay_lifetime)
        except StoreUnavailableError as error:
            _log.warning("a logout token is accepted without a check for replays: %s", error.reason)
            return
        if not is_new:
            raise InvalidLogoutTokenError("logout_replayed")


def _logout_issuers(tenant: Tenant) -> Iterator[LogoutIssuer]:
    settings = tenant.settings
    clients = frozenset(settings.auth0_backchannel_logout_clients)
    for issuer, keys in tenant.keys.items():
        policy = LogoutPolicy(issuer, clients, leeway=settings.auth0_leeway_seconds)
        yield LogoutIssuer(keys, policy, settings.auth0_algorithms)


def _logout_token(content_type: str, body: bytes) -> str:
    """Return the one `logout_token` of a form (section 2.5)."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise InvalidLogoutTokenError("logout_not_a_form")
    tokens = [value for name, value in _fields(body) if name == "logout_token"]
    if len(tokens) != 1:
        raise InvalidLogoutTokenError("logout_token_repeated" if tokens else "logout_token_missing")
    return tokens[0]


def _fields(body: bytes) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidLogoutTokenError("logout_not_a_form") from None
