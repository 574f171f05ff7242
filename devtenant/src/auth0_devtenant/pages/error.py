"""The page for an error that must not be sent to the redirect URI (RFC 6749 section 4.1.2.1)."""

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import page


def error_page(message: str) -> HTMLResponse:
    """Return the page, with status 400."""
    return page("Oops!, something went wrong", html("<p>$message</p>", message=message), status=400)
