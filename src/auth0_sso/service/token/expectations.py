"""What each check of an access token expects, and what a token has.

Whether that passes is said where it is plain to see. The verdict is not made here: it is the verifier's.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.service.token.shown import shown, shown_json
from auth0_sso.service.token.unverified import Unverified
from auth0_sso.tokens.claims import TokenPolicy

_PARTS: Final = 3
_TYPES: Final = ("jwt", "at+jwt", "application/at+jwt")
_ID_TOKEN_CLAIMS: Final = ("nonce", "at_hash", "c_hash")
_OTHER_HEADERS: Final = ("crit", "b64", "cty", "zip", "enc")
_LAST_TIME: Final = 253_402_300_799  # 9999-12-31T23:59:59Z

Row = tuple[str, str, str | None, bool | None]
"""The check, what it expects, what is found (None to leave the row out), and whether that passes, if it is known."""


def rows_of(unverified: Unverified, policy: TokenPolicy, algorithms: Collection[str], now: WallTime) -> Iterator[Row]:
    """Yield what can be said of a token for this policy at `now`, in seconds since 1970."""
    parts = f"{unverified.parts} part{'' if unverified.parts == 1 else 's'}, {unverified.length} bytes"
    yield "form", "a signed JWT of three parts", parts, None if unverified.parts == _PARTS else False
    header = unverified.header
    if header is None:
        return
    yield from _header_rows(header, algorithms, policy)
    claims = unverified.claims
    if unverified.parts == _PARTS and claims is not None:
        yield from _claim_rows(claims, policy, now)


def _header_rows(header: Mapping[str, object], algorithms: Collection[str], policy: TokenPolicy) -> Iterator[Row]:
    alg, typ = header.get("alg"), header.get("typ", "JWT")
    yield "alg", " or ".join(algorithms), _found(header, "alg"), isinstance(alg, str) and alg in algorithms
    extensions = {name: header[name] for name in _OTHER_HEADERS if name in header}
    found = shown_json(extensions) if extensions else None
    yield "header", f"no {', '.join(_OTHER_HEADERS)}", found, False if extensions else None
    yield "typ", "JWT or at+jwt", _found(header, "typ"), isinstance(typ, str) and typ.lower() in _TYPES
    yield "kid", f"a key of {policy.issuer}", _found(header, "kid"), None


def _kind_rows(claims: Mapping[str, object], policy: TokenPolicy) -> Iterator[Row]:
    foreign = [name for name in (*_ID_TOKEN_CLAIMS, "cnf") if name in claims]
    expected, passes = "a bearer access token: no ID token, not bound to a key", False if foreign else None
    if policy.confirmations:
        expected = "an access token: no ID token; bound to a key or not (a bound one needs a proof with each request)"
        passes = None if foreign in ([], ["cnf"]) else False
    yield "kind", expected, f"has the claim {', '.join(foreign)}" if foreign else None, passes


def _claim_rows(claims: Mapping[str, object], policy: TokenPolicy, now: WallTime) -> Iterator[Row]:
    yield "iss", policy.issuer, _found(claims, "iss"), claims.get("iss") == policy.issuer
    yield "signature", "made with that key", "", None
    yield from _kind_rows(claims, policy)
    expected = " or ".join(sorted(policy.audiences))
    yield "aud", expected, _found(claims, "aud"), _has_audience(claims.get("aud"), policy.audiences)
    yield "sub", "the user or the client", _found(claims, "sub"), None
    yield "other claims", "of the types that RFC 7519 and Auth0 give them", None, None
    yield from _time_rows(claims, policy, now)
    allowed = policy.clients
    clients = "any client" if allowed is None else f"one of {', '.join(sorted(allowed))}"
    name = "client_id" if "client_id" in claims else "azp"
    client = claims.get(name)
    passes = None if allowed is None else isinstance(client, str) and client in allowed
    yield "azp", clients, _found(claims, name), passes
    yield "scope", "what the routes ask for", _found(claims, "scope"), None
    yield "permissions", "what the routes ask for (RBAC)", _found(claims, "permissions"), None
    yield "org_id", "what the routes ask for", _found(claims, "org_id") if "org_id" in claims else None, None


def _time_rows(claims: Mapping[str, object], policy: TokenPolicy, now: WallTime) -> Iterator[Row]:
    leeway = policy.leeway
    youngest = "" if policy.max_age is None else f", at most {policy.max_age:.0f} s ago"
    issued, expires, starts = (claims.get(name) for name in ("iat", "exp", "nbf"))
    in_time = _compare(issued, lambda time: time - leeway <= now)
    if in_time and policy.max_age is not None:
        oldest = now - policy.max_age - leeway
        in_time = _compare(issued, lambda time: time > oldest)
    yield "iat", f"not in the future{youngest}", _time(claims, "iat", now), in_time
    yield (
        "exp",
        f"after {_utc(now)} (now)",
        _time(claims, "exp", now),
        _compare(expires, lambda time: time + leeway > now),
    )
    if "nbf" in claims:
        yield "nbf", "not in the future", _time(claims, "nbf", now), _compare(starts, lambda at: at - leeway <= now)
    else:
        yield "nbf", "not in the future", None, None


def _compare(value: object, passes: Callable[[float], bool]) -> bool | None:
    return passes(value) if isinstance(value, int | float) and not isinstance(value, bool) else False


def _has_audience(aud: object, audiences: Collection[str]) -> bool:
    named = (aud,) if isinstance(aud, str) else aud
    return isinstance(named, tuple | list) and any(isinstance(each, str) and each in audiences for each in named)


def _found(members: Mapping[str, object], name: str) -> str:
    if name not in members:
        return "none"
    value = members[name]
    return shown(value) if isinstance(value, str) and value else shown_json(value)


def _time(claims: Mapping[str, object], name: str, now: WallTime) -> str:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_TIME:
        return _found(claims, name)
    seconds = value - now
    return f"{_utc(value)} ({_duration(abs(seconds))} {'from now' if seconds >= 0 else 'ago'})"


def _utc(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
