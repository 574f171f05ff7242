"""Authorization headers, one in each line (RFC 6750 section 2.1, RFC 9110 section 11.4)."""

import string

from auth0_sso.errors import InvalidRequestError, MissingTokenError
from auth0_sso.tokens.bearer import read_bearer_token
from fuzz.targets.refusals import require_documented

SEEDS = (
    b"",
    b"Bearer abc.def.ghi",
    b"bEaReR   abc==",
    b" \tBearer a\t",
    b"Basic YTpi",
    b"Bearer a\nBearer b",
    b"Bearer",
)
_B64TOKEN = frozenset((string.ascii_letters + string.digits + "-._~+/").encode())


def check(data: bytes) -> None:
    """The token of a header is what an independent reading finds there; anything else is refused."""
    lines = data.split(b"\n") if data else []
    expected = _token_of(lines[0]) if len(lines) == 1 else None
    try:
        token = read_bearer_token(lines)
    except (MissingTokenError, InvalidRequestError) as error:
        require_documented(error)
        assert expected is None
    else:
        assert token.encode() == expected


def _token_of(line: bytes) -> bytes | None:
    """Read the header by hand, without regular expressions."""
    scheme, space, rest = line.strip(b" \t").partition(b" ")
    token = rest.lstrip(b" ")
    unpadded = token.rstrip(b"=")
    if scheme.lower() != b"bearer" or not space or not unpadded or not set(unpadded) <= _B64TOKEN:
        return None
    return token
