"""Why an access token is accepted or refused: the verifier's verdict, and each check with what it expects and finds.

The verdict and its reason are those of the verifier that guards the routes. The checks show the rest of the picture:
a token may be wrong in several ways, of which the verifier names the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError, KeysUnavailableError
from auth0_sso.service.token.advice import advice_for
from auth0_sso.service.token.expectations import Row, rows_of
from auth0_sso.service.token.unverified import Unverified
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tokens.verifier import TokenVerifier, TrustedIssuer

Outcome = Literal["passed", "refused", "not checked"]

# In the order of the verifier, which names the first check that fails.
_ORDER: Final = (
    *("form", "alg", "header", "typ", "kid", "iss", "signature", "kind", "aud", "sub"),
    *("other claims", "iat", "exp", "nbf", "azp", "scope", "permissions", "org_id"),
)
_SIGNATURES: Final[Mapping[Outcome, str]] = {"passed": "valid", "refused": "wrong", "not checked": "not checked"}
_CHECK_OF_REASON: Final = {
    "expired": "exp",
    "not_yet_valid": "nbf",
    "iat_in_future": "iat",
    "too_old": "iat",
    "client_not_allowed": "azp",
    "client_id_mismatch": "azp",
    "client_id_invalid": "azp",
    "id_token": "kind",
    "sender_constrained": "kind",
    "cnf_invalid": "kind",
    "signature_mismatch": "signature",
}


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """One check: what it expects, and what the token has; both as a terminal may show them."""

    name: str
    outcome: Outcome
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict, and all checks. `token` is the verified token of an accepted one."""

    accepted: bool
    reason: str | None
    detail: str
    advice: str
    checks: tuple[TokenCheck, ...]
    token: AccessToken | None = None
    keys_unavailable: bool = False
    """There are no keys to verify it with, so it is neither accepted nor refused."""


async def explain(compact: str, verifier: TokenVerifier, *, now: WallTime) -> Explanation:
    """Return the verdict of the verifier about a token in the compact serialization, and the checks.

    They are those of the issuer that the token names; for an unknown one, of the first that is trusted.
    """
    unverified = Unverified.read(compact)
    issuer = _issuer_of(unverified, verifier)
    token: AccessToken | None = None
    reason, detail, unavailable = None, "The access token is valid.", False
    try:
        token = await verifier.verify(compact)
    except InvalidTokenError as error:
        reason, detail = error.reason, error.detail
    except KeysUnavailableError as error:
        reason, detail, unavailable = error.reason, error.detail, True
    failed = "kid" if unavailable else None if reason is None else check_of(reason)
    rows = rows_of(unverified, issuer.policy, issuer.algorithms, now)
    checks = tuple(_checks(rows, failed=failed, reason=reason or "", unavailable=unavailable))
    advice = "" if reason is None else advice_for(reason, issuer.policy, unverified, keys_unavailable=unavailable)
    return Explanation(token is not None, reason, detail, advice, checks, token, unavailable)


def _issuer_of(unverified: Unverified, verifier: TokenVerifier) -> TrustedIssuer:
    named = (unverified.claims or {}).get("iss")
    found = verifier.issuers.get(named) if isinstance(named, str) else None
    return next(iter(verifier.issuers.values())) if found is None else found


def check_of(reason: str) -> str:
    """Return the name of the check that refuses with this reason."""
    if reason in _CHECK_OF_REASON:
        return _CHECK_OF_REASON[reason]
    subject = reason.rpartition("_")[0]
    if reason.endswith("_unsupported"):
        return "header"
    if reason.startswith(("alg_", "typ_", "kid_")):
        return reason[:3]
    if reason.startswith(("token_", "header_", "payload_", "signature_")):
        return "form"
    return subject if subject in _ORDER else "other claims"


def _checks(rows: Iterable[Row], *, failed: str | None, reason: str, unavailable: bool) -> Iterator[TokenCheck]:
    """Yield the checks; the one that failed is refused, whatever it looks like."""
    last = len(_ORDER) if failed is None else _ORDER.index(failed)
    for name, expected, found, passes in rows:
        outcome: Outcome = "passed" if passes else "not checked" if passes is None else "refused"
        if name == failed:
            outcome = "not checked" if unavailable else "refused"
        elif passes is None and _ORDER.index(name) < last:
            outcome = "passed"
        shown = _SIGNATURES[outcome] if name == "signature" else found  # a signature itself is never shown
        if shown is not None or outcome == "refused":
            yield TokenCheck(name, outcome, expected, reason if shown is None else shown)
