"""The Content-Security-Policy of the docs page: its own files and requests to the tenant, nothing else."""

import re
from base64 import b64encode
from hashlib import sha256

from starlette.responses import HTMLResponse

_INLINE_SCRIPT = re.compile(r"<script>(.+?)</script>", re.DOTALL)


def with_policy(page: HTMLResponse, *, connect: str = "") -> HTMLResponse:
    """Allow a page its own files and its inline scripts, by their hashes, and requests to one other origin.

    Content Security Policy Level 3. No Cross-Origin-Opener-Policy: the login popup would lose the page behind it.
    """
    hashes = [
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(bytes(page.body).decode())
    ]
    page.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",  # Swagger UI styles its elements from script
            "img-src 'self' data:",
            f"connect-src 'self' {connect}".rstrip(),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return page
