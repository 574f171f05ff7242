"""RFC 6750: the bearer token of an Authorization header, and the WWW-Authenticate challenge of an error."""

import re
import string
from collections.abc import Iterable, Sequence

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    MissingTokenError,
)

_SCHEME = re.compile(rb"(?i:bearer)(?=[ \t]|\Z)")
# RFC 6750 section 2.1: "Bearer" 1*SP b64token; the scheme is case-insensitive (RFC 9110 section 11.1).
_CREDENTIALS = re.compile(rb"(?i:bearer) +([A-Za-z0-9\-._~+/]+=*)")

# The same without padding, which no JWT has, and in the spelling that clients use: read in half the time.
_USUAL_SCHEME = b"Bearer "
_B64TOKEN = (string.ascii_letters + string.digits + "-._~+/").encode()

_RFC_6750_ERRORS = (InvalidRequestError, InvalidTokenError, InsufficientScopeError)
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


def challenge(error: Auth0SsoError, *, resource_metadata: str = "", scope: Sequence[str] = ()) -> str | None:
    """Return the WWW-Authenticate value for an error, or None for one that is not about the token.

    RFC 6750 section 3: no error code if the request has no token; otherwise `error`, `error_description` and, when
    scopes are missing, `scope`. For an app's own subclass `error` is the code of section 3.1 that clients know.
    Characters that the section does not allow are replaced by "?".

    `resource_metadata` is the URL of the resource's metadata (RFC 9728 section 5.1), which 401 and 403 then name,
    with the scopes of `scope`, those that the request needs: without a good token, and where scopes are missing.
    """
    match error:
        case MissingTokenError():
            parameters = []
        case InvalidRequestError():
            return f"Bearer {', '.join(_described(error))}"
        case InvalidTokenError() | InsufficientScopeError():
            parameters = _described(error)
        case _:
            return None
    if scopes := _scopes_to_ask_for(error, scope if resource_metadata else ()):
        parameters.append(f'scope="{_quotable(" ".join(scopes))}"')
    if resource_metadata:
        parameters.append(f'resource_metadata="{_quotable(resource_metadata)}"')
    return " ".join(filter(None, ("Bearer", ", ".join(parameters))))


def _scopes_to_ask_for(error: Auth0SsoError, needed: Sequence[str]) -> Iterable[str]:
    """Return the scopes to request a new token with; none where that would be refused for the same reason."""
    if not isinstance(error, InsufficientScopeError):
        return needed
    return dict.fromkeys((*needed, *error.scopes)) if error.scopes and needed else error.scopes


def _described(error: Auth0SsoError) -> list[str]:
    code = next(base.code for base in _RFC_6750_ERRORS if isinstance(error, base))
    return [f'error="{code}"', f'error_description="{_quotable(error.detail)}"']


def _quotable(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
