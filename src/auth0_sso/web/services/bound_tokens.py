"""How tokens are checked that are bound to a key (DPoP, RFC 9449) or to a client certificate (RFC 8705)."""

import logging
from dataclasses import dataclass
from secrets import token_bytes
from typing import Final, Literal

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.clock import Clock
from auth0_sso.errors import ConfigurationError
from auth0_sso.oauth.proofs import sealing_secrets
from auth0_sso.ratelimit.memory import MIB
from auth0_sso.replay.cache import ReplayCache
from auth0_sso.replay.memory import MemoryReplays
from auth0_sso.settings import Settings
from auth0_sso.store.keyring import derived_key
from auth0_sso.tokens.bearer import BEARER_ONLY, Scheme
from auth0_sso.tokens.client_certificate import CertificateFormat
from auth0_sso.tokens.dpop.nonce import NonceSource
from auth0_sso.tokens.dpop.proof import ProofPolicy

_log = logging.getLogger(__name__)

REPLAY_BYTES: Final = 64 * MIB
"""Maximum memory of the proofs that were used in the last minutes, in each process: 280,000 of them."""

_KEY_BYTES: Final = 32
_ANY_CLIENT: Final = (
    "AUTH0_CLIENT_CERTIFICATE_HEADER is set without trusted proxies, so any client could send it: set "
    "TRUSTED_PROXIES, or in an app of your own harden(app, trusted_proxies=[...])."
)
_OWN_NONCES: Final = (
    "AUTH0_DPOP_NONCE=required without Management API credentials: each process gives DPoP nonces of its own, which "
    "the others refuse"
)
_OWN_REPLAYS: Final = (
    "DPoP proofs are remembered in the memory of each worker: a stolen one could be used once at each of the others. "
    "Set RATE_LIMIT_STORAGE_URL to a Redis that all share"
)


@dataclass(frozen=True, slots=True)
class CertificateHeader:
    """Where a trusted proxy sends the client's certificate."""

    name: bytes
    """In lower case."""
    form: CertificateFormat


@dataclass(frozen=True, slots=True)
class BoundTokens:
    """What the checks of bound tokens need."""

    dpop: Literal["off", "allowed", "required"]
    public_url: str
    """The base URL of the API as its clients have it; empty, it is made of each request's Host header."""
    clock: Clock
    replays: ReplayCache
    nonces: NonceSource | None
    """None where proofs need no nonce."""
    certificates: CertificateHeader | None
    """None where no token may be bound to a certificate."""
    proofs: ProofPolicy

    @property
    def is_required(self) -> bool:
        """Whether tokens that are not bound to a key are refused."""
        return self.dpop == "required"

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """The schemes that challenges offer."""
        return _SCHEMES[self.dpop]


_SCHEMES: Final[dict[str, tuple[Scheme, ...]]] = {
    "off": BEARER_ONLY,
    "allowed": ("Bearer", "DPoP"),
    "required": ("DPoP",),
}


def bound_tokens(settings: Settings, replays: ReplayCache | None, clock: Clock) -> BoundTokens | None:
    """Return what the settings say of bound tokens, or None where they are refused.

    `replays` is the shared replay cache; without one each process has its own.
    """
    header = settings.auth0_client_certificate_header
    if settings.auth0_dpop == "off" and not header:
        return None
    return BoundTokens(
        settings.auth0_dpop,
        settings.public_url,
        clock,
        _own_replays(settings, clock) if replays is None else replays,
        NonceSource(_nonce_key(settings)) if settings.auth0_dpop_nonce == "required" else None,
        CertificateHeader(header.lower().encode(), settings.auth0_client_certificate_format) if header else None,
        ProofPolicy(),
    )


def refuse_certificate_header(settings: Settings) -> None:
    """Raise `ConfigurationError` for a header with the client's certificate where no proxy is trusted to set it."""
    if settings.auth0_client_certificate_header:
        raise ConfigurationError((_ANY_CLIENT,))


def _nonce_key(settings: Settings) -> bytes:
    """Return a key made of the Management client's credentials, which all replicas have; else a random one."""
    if settings.has_management:
        purpose = f"dpop nonce {settings.issuer} {settings.auth0_management_client_id}"
        return derived_key(sealing_secrets(proofs_of(settings))[0], purpose, _KEY_BYTES)
    if _workers(settings) > 1:
        _log.warning(_OWN_NONCES)
    return token_bytes(_KEY_BYTES)


def _own_replays(settings: Settings, clock: Clock) -> ReplayCache:
    replays = MemoryReplays(REPLAY_BYTES, clock=clock)
    return _ReplaysOfOneWorker(replays) if _workers(settings) > 1 else replays


class _ReplaysOfOneWorker:
    """A replay cache that says at the first proof, not at the start of an app without any, what it does not see."""

    def __init__(self, replays: MemoryReplays) -> None:
        self._replays = replays
        self._warned = False

    async def add(self, name: bytes, lifetime: float) -> bool:
        """Remember a name, as `ReplayCache` says."""
        if not self._warned:
            self._warned = True
            _log.warning(_OWN_REPLAYS)
        return await self._replays.add(name, lifetime)


def _workers(settings: Settings) -> int:
    """Return the number of processes; the library does not know that of an app, and reads none."""
    workers = getattr(settings, "workers", 1)
    return workers if isinstance(workers, int) else 1
