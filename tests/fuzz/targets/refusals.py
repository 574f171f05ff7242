"""What every refusal must be, however malformed its cause: fit for a header, a log line and a metric's label."""

import re

from auth0_sso.errors import Auth0SsoError
from auth0_sso.tokens.bearer import challenge

_REASON = re.compile(r"[A-Za-z0-9_]{1,64}")


def require_documented(error: Auth0SsoError) -> None:
    """Assert that the reason is one word, and the challenge printable ASCII."""
    assert _REASON.fullmatch(error.reason), error.reason
    text = challenge(error) or ""
    assert text.isascii()
    assert text.isprintable()
