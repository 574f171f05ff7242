"""RFC 6750, RFC 9449: the token of an Authorization header, and the WWW-Authenticate challenge of an error."""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    InvalidDPoPProofError,
    InvalidRequestError,
    InvalidTokenError,
    MissingTokenError,
    UseDPoPNonceError,
)
from auth0_sso.tokens.dpop.proof import DPOP_ALGORITHMS

Scheme = Literal["Bearer", "DPoP"]
"""How a token is sent (RFC 6750 section 2.1, RFC 9449 section 7.1)."""

BEARER_ONLY: Final[tuple[Scheme, ...]] = ("Bearer",)

_SCHEME = re.compile(rb"(?i:bearer)(?=[ \t]|\Z)")
# RFC 6750 section 2.1: "Bearer" 1*SP b64token; the scheme is case-insensitive (RFC 9110 section 11.1).
_CREDENTIALS = re.compile(rb"(?i:bearer) +([A-Za-z0-9\-._~+/]+=*)")

# The same without padding, which no JWT has, and in the spelling that clients use: read in half the time.
_USUAL_SCHEME = b"Bearer "
_B64TOKEN = (string.ascii_letters + string.digits + "-._~+/").encode()

_DPOP_SCHEME = re.compile(rb"(?i:dpop)(?=[ \t]|\Z)")
_DPOP_CREDENTIALS = re.compile(rb"(?i:dpop) +([A-Za-z0-9\-._~+/]+=*)")
_ALGORITHMS = f'algs="{" ".join(DPOP_ALGORITHMS)}"'

# An app's own subclass has the code that clients know.
_STANDARD_ERRORS = (
    InvalidRequestError,
    InvalidTokenError,
    InsufficientScopeError,
    InsufficientUserAuthenticationError,
    UseDPoPNonceError,
    InvalidDPoPProofError,
)
# RFC 6750 section 3: quotes, backslashes, control characters, non-ASCII
_FORBIDDEN = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def read_bearer_token(authorization: Sequence[bytes]) -> str:
    """Return the one bearer token among the values of all Authorization headers of a request.

    Raises `MissingTokenError` for no header or another scheme, `InvalidRequestError` for a second header or
    malformed credentials (RFC 6750 sections 2.1, 3.1).
    """
    if len(authorization) == 1 and authorization[0].startswith(_USUAL_SCHEME):
        token = authorization[0][len(_USUAL_SCHEME) :]
        if token and not token.translate(None, _B64TOKEN):
            return token.decode("ascii")
    return _read_other_spelling(authorization)


def _read_other_spelling(authorization: Sequence[bytes]) -> str:
    if not authorization:
        raise MissingTokenError("This needs an access token in the Authorization header.")
    if len(authorization) > 1:
        raise InvalidRequestError("There is more than one Authorization header.", reason="authorization_repeated")
    credentials = authorization[0].strip(b" \t")
    if credentials and not _SCHEME.match(credentials):
        raise MissingTokenError("This needs an access token with the Bearer scheme.", reason="scheme_unsupported")
    match = _CREDENTIALS.fullmatch(credentials)
    if match is None:
        raise InvalidRequestError(
            "The Authorization header does not hold one bearer token.", reason="credentials_malformed"
        )
    return match[1].decode("ascii")


def uses_dpop_scheme(authorization: Sequence[bytes]) -> bool:
    """Return whether a request has one Authorization header, with the DPoP scheme."""
    return len(authorization) == 1 and _DPOP_SCHEME.match(authorization[0].lstrip(b" \t")) is not None


def read_dpop_token(authorization: Sequence[bytes]) -> str:
    """Return the access token of the one Authorization header, which has the DPoP scheme.

    Raises `InvalidRequestError` for malformed credentials (RFC 9449 section 7.1).
    """
    match = _DPOP_CREDENTIALS.fullmatch(authorization[0].strip(b" \t"))
    if match is None:
        raise InvalidRequestError(
            "The Authorization header does not hold one access token.", reason="credentials_malformed"
        )
    return match[1].decode("ascii")


def schemes_used(authorization: Sequence[bytes]) -> tuple[Scheme, ...]:
    """Return the schemes in whose challenges an error is named: of two headers in both (RFC 9449 section 7.2)."""
    if len(authorization) > 1:
        return ("Bearer", "DPoP")
    return ("DPoP",) if uses_dpop_scheme(authorization) else ("Bearer",)


def challenge(
    error: Auth0SsoError,
    offered: Sequence[Scheme] = BEARER_ONLY,
    used: Sequence[Scheme] = BEARER_ONLY,
    *,
    resource_metadata: str = "",
    scope: Sequence[str] = (),
) -> str | None:
    """Return the WWW-Authenticate value for an error, or None for one that is not about the token.

    RFC 6750 section 3: no error code if the request has no token; otherwise `error`, `error_description` and, when
    scopes are missing, `scope`; where a login is too weak or too old, `acr_values` and `max_age` (RFC 9470 section
    3). For an app's own subclass `error` is the standard code that clients know. Characters that the section does not
    allow are replaced by "?". RFC 9449 section 7.1: one challenge for each scheme that is
    `offered`, and the error in those of the schemes that were `used`; in all if none of these is offered.

    `resource_metadata` is the URL of the resource's metadata (RFC 9728 section 5.1), which each challenge of 401 and
    403 then names, with the scopes of `scope`, those that the request needs: without a good token, and where scopes
    are missing.
    """
    described = _described(error)
    if described is None:
        return None
    found = _of_the_resource(error, resource_metadata, scope)
    named = [scheme for scheme in offered if scheme in used] or offered
    if isinstance(error, InvalidDPoPProofError) or (isinstance(error, InvalidTokenError) and error.needs_dpop):
        named = [scheme for scheme in offered if scheme == "DPoP"]
    plain = found if resource_metadata else []
    return ", ".join(
        _challenge(scheme, [*described, *found] if scheme in (named or offered) else plain) for scheme in offered
    )


def _challenge(scheme: Scheme, parameters: Sequence[str]) -> str:
    return f"{scheme} {', '.join((*parameters, *([_ALGORITHMS] if scheme == 'DPoP' else [])))}".rstrip()


def _of_the_resource(error: Auth0SsoError, resource_metadata: str, needed: Sequence[str]) -> list[str]:
    """Return the parameters `scope` and `resource_metadata`; of a 400, which RFC 9728 does not name, neither."""
    if isinstance(error, InvalidRequestError):
        return []
    scopes = _scopes_to_ask_for(error, needed if resource_metadata else ())
    found = [f'scope="{_quotable(" ".join(scopes))}"'] if scopes else []
    return [*found, f'resource_metadata="{_quotable(resource_metadata)}"'] if resource_metadata else found


def _scopes_to_ask_for(error: Auth0SsoError, needed: Sequence[str]) -> Iterable[str]:
    """Return the scopes to request a new token with; none where that would be refused for the same reason."""
    if not isinstance(error, InsufficientScopeError):
        return needed
    return dict.fromkeys((*needed, *error.scopes)) if error.scopes and needed else error.scopes


def _described(error: Auth0SsoError) -> list[str] | None:
    """Return the parameters that say what is wrong; None for an error that is not about the token."""
    if isinstance(error, MissingTokenError):
        return []
    code = next((base.code for base in _STANDARD_ERRORS if isinstance(error, base)), None)
    if code is None:
        return None
    described = [f'error="{code}"', f'error_description="{_quotable(error.detail)}"']
    return [*described, *_step_up(error)] if isinstance(error, InsufficientUserAuthenticationError) else described


def _step_up(error: InsufficientUserAuthenticationError) -> Iterator[str]:
    """RFC 9470 section 3: what the client is to ask of the login."""
    if error.acr_values:
        yield f'acr_values="{_quotable(" ".join(error.acr_values))}"'
    if error.max_age is not None:
        yield f'max_age="{error.max_age}"'


def _quotable(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
