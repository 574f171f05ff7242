"""Whether the issuer can be reached and is the expected one; its keys; and the difference of the clocks."""

from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.http.client import httpx
from auth0_sso.jwks.endpoint import JwksEndpoint
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.service.token.shown import shown, shown_json
from auth0_sso.tokens.jwk import JwkSet, VerificationKey

_WITHOUT_DATE: Final = "compare this machine's clock with another one (timedatectl, chronyc tracking)"
_NTP: Final = "set this machine's clock by NTP"
_CLOCK_TOLERANCE: Final = 5.0  # seconds; the Date header has whole ones

_FIXES: Final[Mapping[str, str]] = {
    "dns_failed": "correct AUTH0_DOMAIN, or this machine's DNS: there is no host of that name",
    "connection_refused": "start what listens there, or correct AUTH0_DOMAIN",
    "certificate_invalid": "trust the issuer's CA (SSL_CERT_FILE), or correct AUTH0_DOMAIN",
    "tls_failed": "correct AUTH0_DOMAIN, or the proxy that ends TLS before it",
    "timeout": "allow this machine to connect to it by HTTPS (firewall, HTTPS_PROXY)",
    "status_404": "correct AUTH0_DOMAIN: there is no tenant of that name",
}
_OTHERWISE: Final = "correct AUTH0_DOMAIN or AUTH0_ISSUER_BASE_URL"
_UNREACHABLE: Final = "the issuer cannot be reached"


async def check_discovery(examination: Examination) -> AsyncIterator[Finding]:
    """Fetch the issuer's metadata, which must be of this issuer (OIDC Discovery 1.0 section 4.3)."""
    if not examination.has_issuer:
        yield skipped("AUTH0_DOMAIN cannot be used")
        return
    issuer = examination.settings.issuer
    url = f"{examination.settings.auth0_issuer_base_url}.well-known/openid-configuration"
    before = examination.clock.wall()
    try:
        response = await examination.get(url)
        document = _document(response)
    except FetchError as error:
        yield failed(f"{url} does not answer as it should: {error.reason}", _FIXES.get(error.reason, _OTHERWISE))
        return
    examination.date_header = _times(response, before, examination.clock.wall())
    found = document.get("issuer") if isinstance(document, dict) else None
    if found != issuer:
        yield failed(
            f"{url} names another issuer: expected {issuer}, found {shown_json(found)}",
            _fix_for_issuer(found, issuer),
        )
        return
    examination.is_reachable = True
    yield passed(f"{issuer} answers, and names itself as the issuer")


async def check_keys(examination: Examination) -> AsyncIterator[Finding]:
    """Fetch the signing keys as the service does, and look at what it can use."""
    settings = examination.settings
    if not examination.is_reachable:
        yield skipped(_UNREACHABLE)
        return
    endpoint = JwksEndpoint(examination.client, settings.issuer, settings.auth0_algorithms, max_age=600, timeout=10)
    try:
        keys = (await endpoint.fetch()).keys
    except FetchError as error:
        yield failed(f"there is no usable signing key: {error.reason}", _fix_for_keys(error.reason))
        return
    for algorithm in settings.auth0_algorithms:
        yield _finding_for(algorithm, keys)
    for reason in keys.dropped:
        yield warned(
            f"a key of the issuer is left out: {reason}", "nothing to do, unless tokens are signed with that key"
        )


async def check_clock(examination: Examination) -> AsyncIterator[Finding]:
    """Compare the clock of this machine with the issuer's Date header (RFC 9110 section 6.6.1)."""
    if examination.date_header is None:
        reason = "the issuer sends no Date header" if examination.is_reachable else _UNREACHABLE
        yield skipped(reason, _WITHOUT_DATE)
        return
    theirs, ours = examination.date_header
    skew, leeway = ours - theirs, examination.settings.auth0_leeway_seconds
    words = f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the issuer's"
    if abs(skew) <= min(_CLOCK_TOLERANCE, max(leeway, 1)):
        yield passed("this machine's clock and the issuer's are equal within a few seconds")
    elif abs(skew) <= leeway:
        yield warned(f"{words}; AUTH0_LEEWAY_SECONDS allows {leeway:.0f} s", _NTP)
    else:
        yield failed(
            f"{words}, more than AUTH0_LEEWAY_SECONDS allows ({leeway:.0f} s): good tokens are refused", _NTP
        )


def _finding_for(algorithm: str, keys: JwkSet) -> Finding:
    found = [key for key in keys.keys.values() if key.algorithm == algorithm]
    if not found:
        fix = f"remove {algorithm} from AUTH0_ALGORITHMS, unless the API signs with it"
        return warned(f"the issuer has no {algorithm} key", fix)
    sizes = sorted({_bits(key) for key in found})
    number = f"{len(found)} {algorithm} key{'' if len(found) == 1 else 's'}"
    return passed(f"the issuer has {number} of {' and '.join(map(str, sizes))} bits")


def _bits(key: VerificationKey) -> int:
    """Return the size of a key: that of an RSA modulus by its base64url (RFC 7518 section 6.3.1.1), 256 for P-256."""
    kind, modulus, *_ = key.members
    return len(modulus) * 6 // 8 * 8 if kind == "RSA" else 256


def _fix_for_issuer(found: object, issuer: str) -> str:
    if not isinstance(found, str):
        return _OTHERWISE
    if f"{found}/" == issuer:
        return "set AUTH0_ISSUER_TRAILING_SLASH=false"
    if found == f"{issuer}/":
        return "unset AUTH0_ISSUER_TRAILING_SLASH: Auth0's issuers end with a slash"
    return f"set AUTH0_ISSUER_BASE_URL={shown(found)}"


def _fix_for_keys(reason: str) -> str:
    if reason == "jwks_unusable":
        return "set AUTH0_ALGORITHMS to the signing algorithm of the API: Applications > APIs > the API > Settings"
    if reason == "discovery_jwks_uri_insecure":
        return "correct AUTH0_ISSUER_BASE_URL: the issuer's keys are not at an https address"
    return _FIXES.get(reason, _OTHERWISE)


def _document(response: BoundedResponse) -> object:
    if response.status != 200:
        raise FetchError(f"status_{response.status}")
    return response.lenient_json()


def _times(response: BoundedResponse, before: float, after: float) -> tuple[float, float] | None:
    """Return the issuer's time and ours at the same moment; a cached response has an Age (RFC 9111 section 5.1)."""
    date = _date(response.headers)
    if date is None:
        return None
    age = response.headers.get("Age", "0")
    return date + (int(age) if age.isdecimal() and len(age) < 10 else 0), (before + after) / 2


def _date(headers: httpx.Headers) -> float | None:
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
