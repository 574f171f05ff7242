"""The pages of a logout: the question whether to, and that it is done."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.pages.layout import page

_FORM: Final = """<p class="lead">$email</p>
<p>Do you want to log out?</p>
<form method="post">$fields
<button class="primary" name="confirm" value="yes">Log out</button>
</form>"""


def confirm_page(email: str, parameters: dict[str, str]) -> HTMLResponse:
    """Return the page that asks; its form repeats the parameters of the logout request."""
    fields = [
        html('<input type="hidden" name="$name" value="$value">', name=name, value=value)
        for name, value in parameters.items()
    ]
    return page("Log out", html(_FORM, email=email, fields=fields))


def logged_out_page() -> HTMLResponse:
    """Return the page after a logout that names no URL to redirect to."""
    return page("Logged out", Html("<p>You are logged out of this tenant.</p>"))
