"""What the table of hostile tokens is made of: cases as data, and the forge that mints them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auth0_sso.testing.issuer import Issuer, base64url, user_claims

LEEWAY: Final = 10.0
"""The clock skew that the cases are made for, in seconds: the default of AUTH0_LEEWAY_SECONDS."""

BASE64URL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Authorization = Sequence[bytes]
"""The values of all Authorization headers of one request."""

Build = Callable[["Forge"], Authorization]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that must not pass, why, and how the response says so; no `error` is a challenge without one."""

    id: str
    build: Build
    reason: str
    status: int = 401
    error: str | None = "invalid_token"


class Forge:
    """Mints what a case describes, truly signed unless the case says otherwise."""

    def __init__(self, issuer: Issuer, now: float) -> None:
        """Take the issuer, and when its tokens are issued, in whole seconds since 1970."""
        self.issuer = issuer
        self.now = now

    def claims(self, **changes: object) -> dict[str, Any]:
        """Return the claims of a good token with some changed; `...` takes one away."""
        return user_claims(self.now, **changes)

    def token(self, header: Mapping[str, Any] | None = None, /, **claims: object) -> str:
        """Return a good token with members of its header and claims changed."""
        return self.issuer.token(self.claims(**claims), header=header)

    def signed(self, header: bytes, payload: bytes) -> str:
        """Sign any bytes as header and payload."""
        return self.issuer.sign(f"{base64url(header)}.{base64url(payload)}")


def bearer(token: str) -> list[bytes]:
    """Return the one header value that carries a token."""
    return [b"Bearer " + token.encode("latin-1")]


def line(*values: str) -> Build:
    """Send these header values, `{token}` being a good token."""
    return lambda forge: [value.replace("{token}", forge.token()).encode("latin-1") for value in values]


def claim(**claims: object) -> Build:
    """Send a good token with these claims changed, `...` taking one away."""
    return lambda forge: bearer(forge.token(**claims))


def time_claim(**seconds: float) -> Build:
    """Send a good token with these claims set to a number of seconds after it is minted."""
    return lambda forge: bearer(forge.token(**{name: forge.now + after for name, after in seconds.items()}))


def header(**members: object) -> Build:
    """Send a good token with these members of its JOSE header changed, `...` taking one away."""
    return lambda forge: bearer(forge.token(members))


def raw_claim(name: str, text: str) -> Build:
    """Send a good token with one claim replaced by JSON text, or by text that is not JSON."""
    return lambda forge: bearer(forge.signed(good_header(), with_member(forge.claims(**{name: ...}), name, text)))


def added_claim(name: str, text: str) -> Build:
    """Send a good token with one more claim, as JSON text."""
    return lambda forge: bearer(forge.signed(good_header(), with_member(forge.claims(), name, text)))


def payload(text: str | bytes) -> Build:
    """Send a token with this payload under a good header and signature."""
    data = text.encode() if isinstance(text, str) else text
    return lambda forge: bearer(forge.signed(good_header(), data))


def raw_header(text: str | bytes) -> Build:
    """Send a token with this header over a good payload and a true signature."""
    data = text.encode() if isinstance(text, str) else text
    return lambda forge: bearer(forge.signed(data, json.dumps(forge.claims()).encode()))


def respelled(change: Callable[[str, str, str], str]) -> Build:
    """Send a good token's three parts written in another way."""
    return lambda forge: bearer(change(*forge.token().split(".")))


def good_header(**members: object) -> bytes:
    """Return the JSON of a good JOSE header."""
    return json.dumps({"alg": "RS256", "typ": "JWT", "kid": "key-0"} | members).encode()


def with_member(members: Mapping[str, object], name: str, text: str) -> bytes:
    """Return an object's JSON with one member appended as text."""
    return f'{json.dumps(members)[:-1]},"{name}":{text}}}'.encode()
